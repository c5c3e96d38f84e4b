"""What every process of the suite stands on; knows no business noun."""

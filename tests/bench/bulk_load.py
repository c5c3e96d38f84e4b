"""The yardstick of imports, a process of its own: `python bulk_load.py LINES.csv.gz NEW.db` copies
the rows into one table of one SQLite file and does nothing else."""

from __future__ import annotations

import csv
import gzip
import sqlite3
import sys


def main(source: str, database: str) -> None:
    connection = sqlite3.connect(database)
    with gzip.open(source, "rt", encoding="utf-8", newline="") as text:
        rows = csv.reader(text)
        columns = next(rows)
        connection.execute(f"CREATE TABLE lines ({', '.join(columns)})")
        places = ", ".join("?" * len(columns))
        connection.executemany(f"INSERT INTO lines VALUES ({places})", rows)
    connection.commit()
    connection.close()


if __name__ == "__main__":
    main(*sys.argv[1:])

"""python -m services.customer [serve|migrate|check|renew-epoch|replay]"""

import sys

from services.customer.main import PROGRAM

if __name__ == "__main__":
    sys.exit(PROGRAM.run(sys.argv[1:]))

"""python -m services.sales [serve|migrate|check|renew-epoch|replay]"""

import sys

from services.sales.main import PROGRAM

if __name__ == "__main__":
    sys.exit(PROGRAM.run(sys.argv[1:]))

"""python -m services.insight [serve|migrate|check|renew-epoch]"""

import sys

from services.insight.main import PROGRAM

if __name__ == "__main__":
    sys.exit(PROGRAM.run(sys.argv[1:]))

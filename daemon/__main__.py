"""``python -m daemon`` is the command line."""

from daemon.cli import main

main()

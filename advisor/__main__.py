"""`python -m advisor` is `advisor`."""

from advisor.cli.app import main

main()

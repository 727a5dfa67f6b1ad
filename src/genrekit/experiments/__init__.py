"""Experiments: folds x seeds x recipes trained side by side from a plan whose state is on disk, and searches.

`make_plan` says what is to be trained and `check_plan` whether it can be; `run_experiment` trains what is missing, on
processes of this machine or on a Ray cluster; `run_search` looks for better settings by validation accuracy alone.
"""

"""Results of many files on disk: written as they come, gone on with after a stop, and read back.

As lines of JSON, CSV or Parquet; pyarrow is imported when Parquet is asked for, not with this package.
"""

"""Reads a job's log: which cache archives it fetched and stored, how it failed, and what that means."""

from purger.travis.job_log.model import Fetch, FetchVerdict, JobLog, Source, Stored, Symptom, When, compare, source_of
from purger.travis.job_log.reader import LogReader, read_log

__all__ = [
    "Fetch",
    "FetchVerdict",
    "JobLog",
    "LogReader",
    "Source",
    "Stored",
    "Symptom",
    "When",
    "compare",
    "read_log",
    "source_of",
]

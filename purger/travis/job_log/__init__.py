"""Read a job's log: which cache archives the job fetched and stored, how it failed, and what that means."""

from purger.travis.job_log.model import (
    Fetch,
    FetchVerdict,
    JobLog,
    PurgedCache,
    Source,
    Stored,
    Symptom,
    When,
    compare,
    source_of,
)
from purger.travis.job_log.reader import LogReader, read_log

__all__ = [
    "Fetch",
    "FetchVerdict",
    "JobLog",
    "LogReader",
    "PurgedCache",
    "Source",
    "Stored",
    "Symptom",
    "When",
    "compare",
    "read_log",
    "source_of",
]

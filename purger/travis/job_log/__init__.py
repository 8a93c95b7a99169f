"""Read a job's log: which cache archives the job fetched and stored, how it failed, and what that means."""

from purger.travis.job_log.model import (
    CacheUse,
    Fetch,
    FetchVerdict,
    JobLog,
    PurgedCache,
    Source,
    Stored,
    Symptom,
    SymptomId,
    Unknown,
    When,
    compare,
)
from purger.travis.job_log.reader import LogReader, LogSink, read_log
from purger.travis.job_log.sources import source_of, with_sources
from purger.travis.job_log.symptoms import explained

__all__ = [
    "CacheUse",
    "Fetch",
    "FetchVerdict",
    "JobLog",
    "LogReader",
    "LogSink",
    "PurgedCache",
    "Source",
    "Stored",
    "Symptom",
    "SymptomId",
    "Unknown",
    "When",
    "compare",
    "explained",
    "read_log",
    "source_of",
    "with_sources",
]

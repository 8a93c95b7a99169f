"""The stand-in: an embedded look-alike of the site (front end, API, jobs) with configurable faults."""

from purger.standin.caches import Cache
from purger.standin.faults import DeleteFault, Faults, GoAway, ListFault, OddAnswer, Reupload
from purger.standin.jobs import Attempt, Job
from purger.standin.repository import Repository
from purger.standin.server import StandIn
from purger.standin.state import Request

__all__ = [
    "Attempt",
    "Cache",
    "DeleteFault",
    "Faults",
    "GoAway",
    "Job",
    "ListFault",
    "OddAnswer",
    "Repository",
    "Request",
    "Reupload",
    "StandIn",
]

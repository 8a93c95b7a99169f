"""An embedded look-alike of the site (front end, API, jobs) with faults to switch on, for the demo and the tests."""

from purger.standin.caches import Archive
from purger.standin.faults import DeleteFault, Faults, ListFault, Reupload
from purger.standin.jobs import Attempt, Job
from purger.standin.repository import Repository
from purger.standin.server import StandIn
from purger.standin.world import Request

__all__ = [
    "Archive",
    "Attempt",
    "DeleteFault",
    "Faults",
    "Job",
    "ListFault",
    "Repository",
    "Request",
    "Reupload",
    "StandIn",
]

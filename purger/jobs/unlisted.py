"""Delete a cache that a job fetched although the site does not list it: one exact call, for its branch and name."""

from __future__ import annotations

from pathlib import PurePosixPath

from purger.core.errors import PurgerError
from purger.travis.addresses import Repository
from purger.travis.api import Api
from purger.travis.job_log import Fetch


async def delete_unlisted(api: Api, repository: Repository, branch: str | None, fetch: Fetch) -> str:
    """Try one deletion of the fetched archive, of the branch with this full name; return a clause on how it went.

    Nothing is deleted where the same call would reach a cache that the site lists, of a nested branch for example.
    """
    if not branch or not fetch.archive:
        return "its branch or its name is not known, so no deletion was tried"
    name = PurePosixPath(fetch.archive).stem
    try:
        repository_id = (await api.repository(repository)).id
        if await api.caches(repository_id, branch, name):
            return "a cache of this name is listed now, so no deletion was tried"
        deleted = await api.delete_caches(repository_id, branch, name)
    except PurgerError as error:
        return f"the deletion through the API failed: {error.what}"
    how = "the API named it as deleted" if deleted else "the API had nothing to delete there"
    return f"one deletion through the API was tried, and {how}"

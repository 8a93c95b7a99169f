"""Define the form of each payload of the API, and decode into it: whatever has another form is an error of the site."""

from __future__ import annotations

import codecs
from typing import Annotated, TypeVar

import msgspec

from purger.core.errors import SiteError

_Form = TypeVar("_Form")
_LARGEST_ID = 2**63 - 1
_LARGEST_SIZE_BYTES = 10**18

Id = Annotated[int, msgspec.Meta(ge=1, le=_LARGEST_ID)]
_Number = Annotated[int, msgspec.Meta(ge=0, le=_LARGEST_ID)]
_Slug = Annotated[str, msgspec.Meta(pattern=r"\A[^/\s]+(?:/[^/\s]+)+\Z")]
"""`owner/name`, or the host's own path: that of a project in a group of a group has more parts."""
_Path = Annotated[str, msgspec.Meta(pattern=r"\A/")]
"""A path of the API's own origin: anything else behind the origin could be another host."""


class NotJsonError(ValueError):
    """The text is not JSON."""


class UserPayload(msgspec.Struct, frozen=True):
    """The answer to `GET /user`."""

    id: Id
    login: str | None = None


class NamedPayload(msgspec.Struct, frozen=True):
    """A part of an answer of which only the name matters: a branch."""

    name: str | None = None


class RepositoryPayload(msgspec.Struct, frozen=True):
    """A repository, alone or in a list."""

    id: Id
    slug: _Slug
    active: bool | None = None
    permissions: dict[str, bool | None] | None = msgspec.field(default=None, name="@permissions")


class CachePayload(msgspec.Struct, frozen=True):
    """One cache in a list."""

    name: str
    branch: str
    size: Annotated[int, msgspec.Meta(ge=0, le=_LARGEST_SIZE_BYTES)] | None
    last_modified: str | None


class CachesPayload(msgspec.Struct, frozen=True):
    """The caches that a GET lists, or that a DELETE deleted."""

    caches: list[CachePayload]


class _NextPage(msgspec.Struct, frozen=True):
    href: _Path | None = msgspec.field(default=None, name="@href")


class _Pagination(msgspec.Struct, frozen=True):
    next: _NextPage | None = None


class PagePayload(msgspec.Struct, frozen=True):
    """One page of a list; `next_path` leads to the next one."""

    pagination: _Pagination | None = msgspec.field(default=None, name="@pagination")

    @property
    def next_path(self) -> str | None:
        """The path of the next page, None on the last one."""
        following = self.pagination.next if self.pagination else None
        return following.href if following else None


class BranchPayload(msgspec.Struct, frozen=True):
    """A branch in a list."""

    name: str
    exists_on_github: bool | None = None


class BranchesPayload(PagePayload, frozen=True, kw_only=True):
    """A page of branches."""

    branches: list[BranchPayload]


class BuildPayload(msgspec.Struct, frozen=True):
    """A build in a list or as a part of a job."""

    id: Id | None = None
    pull_request_number: _Number | None = None


class BranchOfBuildPayload(msgspec.Struct, frozen=True):
    """A build of which only the branch matters: the target of a pull request's."""

    id: Id
    branch: NamedPayload | None = None


class BuildsPayload(PagePayload, frozen=True, kw_only=True):
    """A page of builds."""

    builds: list[BuildPayload]


class RepositoriesPayload(PagePayload, frozen=True, kw_only=True):
    """A page of repositories."""

    repositories: list[RepositoryPayload]


class RepositoryOfJobPayload(msgspec.Struct, frozen=True):
    """The repository of a job."""

    id: Id | None = None
    slug: str | None = None


class DefaultBranchPayload(msgspec.Struct, frozen=True):
    """A repository of which only the default branch matters."""

    id: Id
    default_branch: NamedPayload | None = None


class JobPayload(msgspec.Struct, frozen=True):
    """A job."""

    id: Id
    state: str
    started_at: str | None = None
    finished_at: str | None = None
    build: BuildPayload | None = None
    repository: RepositoryOfJobPayload | None = None


class JobsPayload(msgspec.Struct, frozen=True):
    """The jobs of a build."""

    jobs: list[JobPayload]


def decode(body: bytes, form: type[_Form], address: str) -> _Form:
    """Return a response's JSON, with or without a byte-order mark, as this form.

    Raises NotJsonError for what is not JSON, and SiteError for JSON of another form, `address` being where it is from.
    """
    try:
        return msgspec.json.decode(body.removeprefix(codecs.BOM_UTF8), type=form)
    except msgspec.ValidationError as error:
        raise not_our_api(str(error), address) from None
    except RecursionError:
        raise not_our_api("it is nested too deep", address) from None
    except ValueError as error:
        raise NotJsonError(str(error)) from None


def not_our_api(why: str, address: str | None = None) -> SiteError:
    """Return the error for a response that is not one of the API's."""
    return SiteError(
        f"this is not the API we know: {why[:1].lower()}{why[1:]}",
        where=address,
        remedy="Is this the API's address (--api-url)? If it is, purger may need an update.",
    )


def seconds_in(text: str | None) -> float | None:
    """Return the seconds that a `Retry-After` header names; None for a date, and for other text."""
    return float(text) if text and text.isascii() and text.isdigit() else None

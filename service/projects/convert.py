"""Between taxiway.v1.Project and its requests, and the schemas; what a request writes is in drafts.py."""

from uuid import UUID

from pydantic import BaseModel

from persistence.paging import PageQuery
from service.etags import make_etag
from service.filtering import parse_filter
from service.identity import caller
from service.names import ProjectId, UserName, parse_project, project_name
from service.pagination import PageSize, PageTokens, fill_page
from service.projects.filter_fields import PROJECTS
from service.projects.schemas import Project, ProjectDeletion, ProjectDraft, ProjectPage, ProjectQuery, ProjectTarget
from service.timestamps import fill
from service.validation import one, validated
from taxiway.v1 import project_pb2
from taxiway.v1 import project_service_pb2 as pb


class _List(BaseModel):
    parent: UserName
    page_size: PageSize


def project(value: Project) -> project_pb2.Project:
    message = project_pb2.Project()
    write_project(value, message)
    return message


def write_project(value: Project, message: project_pb2.Project) -> None:
    message.name = project_name(value.owner_id, value.id)
    message.display_name = value.display_name
    message.description = value.description
    message.color = value.color
    message.archived = value.archived
    message.task_count = value.task_count
    message.version = value.version
    message.etag = make_etag(value.version, value.create_time)
    fill(message.create_time, value.create_time)
    fill(message.update_time, value.update_time)
    if value.delete_time is not None and value.purge_time is not None:
        fill(message.delete_time, value.delete_time)
        fill(message.purge_time, value.purge_time)


def created(asked: ProjectDraft, value: Project) -> project_pb2.Project:
    """The project that was made; a rehearsal does not answer an id that only it had."""
    message = project(value)
    if asked.validate_only and asked.project_id is None:
        message.ClearField("name")
    return message


def project_or_name(value: Project | ProjectId) -> project_pb2.Project:
    return project(value) if isinstance(value, Project) else project_pb2.Project(name=project_name(*value))


def key(request: pb.GetProjectRequest) -> ProjectId:
    return one("name", parse_project, request.name)


def target(request: pb.UndeleteProjectRequest) -> ProjectTarget:
    return validated(ProjectTarget, _target(request), request)


def deletion(request: pb.DeleteProjectRequest) -> ProjectDeletion:
    asked = {"allow_missing": request.allow_missing, "force": request.force}
    return validated(ProjectDeletion, _target(request) | asked, request)


def _target(request: pb.UndeleteProjectRequest | pb.DeleteProjectRequest) -> dict[str, object]:
    named = {"name": request.name, "etag": request.etag, "request_id": request.request_id}
    return named | {"validate_only": request.validate_only}


def query(request: pb.ListProjectsRequest, tokens: PageTokens) -> ProjectQuery:
    parsed = validated(_List, {"parent": request.parent, "page_size": request.page_size}, request)
    scope = _scope(parsed.parent, request)
    asked = PageQuery(
        limit=parsed.page_size + 1,
        position=tokens.read_position(scope, request.page_token),
        deleted=request.show_deleted,
        condition=parse_filter(request.filter, PROJECTS),
    )
    return ProjectQuery(parsed.parent, parsed.page_size, asked, scope)


def page(asked: ProjectQuery, tokens: PageTokens, found: ProjectPage) -> pb.ListProjectsResponse:
    response = pb.ListProjectsResponse()
    last = fill_page(response.projects, found.projects, asked.size, write_project)
    position = found.stopped if last is None else (last.id,)
    if position is not None:
        response.next_page_token = tokens.make(asked.scope, *position)
    return response


def _scope(parent: UUID, request: pb.ListProjectsRequest) -> bytes:
    return f"ListProjects/1/{caller().id}/{parent}/{request.show_deleted}/{request.filter}".encode()

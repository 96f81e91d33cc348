"""What a request writes: messages into the commands that make and change projects."""

from service.colors import DEFAULT_COLOR
from service.errors import InvalidArgument
from service.masks import Editable, select
from service.names import ProjectId, user_name
from service.projects.schemas import EDITABLE, ProjectDraft, ProjectPatch
from service.validation import validated
from taxiway.v1 import project_pb2
from taxiway.v1 import project_service_pb2 as pb

_WRITABLE = Editable(EDITABLE)


def draft(request: pb.CreateProjectRequest) -> ProjectDraft:
    named = {"parent": request.parent, "project_id": request.project_id, "request_id": request.request_id}
    return _drafted(named | {"validate_only": request.validate_only}, request)


def _drafted(named: dict[str, object], request: pb.CreateProjectRequest | pb.UpdateProjectRequest) -> ProjectDraft:
    return validated(ProjectDraft, named | _fields(request.project, EDITABLE), request, "project")


def patch(request: pb.UpdateProjectRequest) -> ProjectPatch:
    selected = select(request.project, request.update_mask.paths, _WRITABLE).fields
    named = {"name": request.project.name, "etag": request.project.etag, "request_id": request.request_id}
    asked = {**named, "validate_only": request.validate_only}
    parsed = validated(ProjectPatch, asked | _fields(request.project, selected), request, "project")
    return parsed.model_copy(update=_upsert(request, parsed.name)) if request.allow_missing else parsed


def _upsert(request: pb.UpdateProjectRequest, name: ProjectId) -> dict[str, object]:
    """A fault of the draft matters only where there is no such project: it waits until then."""
    try:
        named: dict[str, object] = {"parent": user_name(name.owner_id), "project_id": str(name.id)}
        return {"allow_missing": True, "draft": _drafted(named, request)}
    except InvalidArgument as fault:
        return {"allow_missing": True, "draft_fault": fault}


def _fields(message: project_pb2.Project, selected: frozenset[str]) -> dict[str, object]:
    """The selected fields as a schema takes them; a colour that is not given stands for the default."""
    given: dict[str, object] = {name: getattr(message, name) for name in selected}
    return given | ({"color": message.color or DEFAULT_COLOR} if "color" in selected else {})

"""Errors of the emulated CloudFormation."""

from moto.core.exceptions import ServiceException


class ValidationError(ServiceException):
    """The request, or the template in it, is refused."""

    code = "ValidationError"


class AlreadyExistsError(ServiceException):
    """The stack, or the change set, exists already."""

    code = "AlreadyExistsException"


class ChangeSetNotFoundError(ServiceException):
    """No such change set."""

    code = "ChangeSetNotFound"


class InsufficientCapabilitiesError(ServiceException):
    """The template makes IAM resources and the request does not acknowledge it."""

    code = "InsufficientCapabilitiesException"


class InvalidChangeSetStatusError(ServiceException):
    """The change set cannot be executed."""

    code = "InvalidChangeSetStatus"


class ResourceError(Exception):
    """A resource cannot be created, updated or deleted; the message becomes its status reason."""

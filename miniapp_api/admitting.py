"""People at the door of the mini-program's API: who is signed in, and how often they ask."""

import structlog
from aiohttp import web

from config.settings import ApiSettings
from miniapp_api import wording
from miniapp_api.chapter import Endpoint, Who
from miniapp_api.problems import RefusedHere
from miniapp_api.serving import Admit, Admitted, Headers, allowance_headers
from models import Door
from workflow.access import Asker
from workflow.callers import caller_network, counted
from workflow.context import Ports
from workflow.knowing.sessions import asker_of


def people(ports: Ports, settings: ApiSettings) -> Admit:
    """Lets in whom an endpoint is for: anybody, or whoever has a session."""

    async def admit(request: web.Request, endpoint: Endpoint) -> Admitted:
        asker = await _asker(request, endpoint, ports)
        who = f"person:{asker.person_id}" if asker is not None else network(request, settings)
        headers = await limited(ports, f"api:{endpoint.rate}:{who}", endpoint, settings)
        if asker is None and endpoint.who is Who.SIGNED_IN:
            raise RefusedHere(401, "sign_in", wording.SIGN_IN, {**headers, "WWW-Authenticate": "Bearer"})
        name = str(asker.person_id) if asker is not None else "anybody"
        caller = f"{network(request, settings)}\n{request.headers.get('User-Agent', '')}"
        return Admitted(name, {"asker": asker, "caller": caller}, headers)

    return admit


async def _asker(request: web.Request, endpoint: Endpoint, ports: Ports) -> Asker | None:
    """Who asks, where the endpoint wants to know; None for nobody and for a token that opens nothing."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if endpoint.who is Who.ANYBODY or scheme.lower() != "bearer" or not token.strip():
        return None
    asker = await asker_of(ports, token.strip(), Door.MINIAPP)
    if asker is not None:
        structlog.contextvars.bind_contextvars(person=asker.person_id)
    return asker


def network(request: web.Request, settings: ApiSettings) -> str:
    """Where a request comes from, as far as callers are told apart by it."""
    return caller_network(request.headers.getall("X-Forwarded-For", ()), request.remote, settings.proxies)


async def limited(ports: Ports, what: str, endpoint: Endpoint, settings: ApiSettings) -> Headers:
    """Count a request of ``what`` within the endpoint's class; :class:`RefusedHere` where there were too many."""
    allowance = await counted(ports, what, getattr(settings, endpoint.rate), endpoint.rate.seconds)
    if allowance is None:
        return {}
    headers = allowance_headers(allowance)
    if not allowance.allowed:
        raise too_many(headers, allowance.reset)
    return headers


def too_many(headers: Headers, reset: float) -> RefusedHere:
    """The answer to whoever asks too often: when to come again, in seconds."""
    seconds = max(1, round(reset))
    detail = wording.TOO_MANY.format(seconds=seconds)
    return RefusedHere(429, "too_many", detail, {**headers, "Retry-After": str(seconds)})

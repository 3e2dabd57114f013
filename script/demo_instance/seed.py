"""A configuration folder that needs no onboarding.

What a person does after installing Home Assistant (an account, a home, an address) is written
beforehand into the files in which Home Assistant stores it.
"""

import base64
from datetime import UTC, datetime, timedelta
import json
from pathlib import Path
import secrets
import shutil
from typing import Any
import uuid

import bcrypt
import jwt

from . import ROOT

USER = "demo"
PASSWORD = "demo"
_TOKEN_LIFE = timedelta(days=3650)
_TOKEN_FILE = "token"
_LOOPBACK = ["lo", "lo0"]  # as Linux and as macOS calls it

# Only what the demo shows: Home Assistant's `default_config` would look for cloud, Bluetooth
# and more. `http:` is not here because Home Assistant keeps it in its storage.
_CONFIGURATION = """\
homeassistant:
  name: Mining demo
  latitude: 52.37
  longitude: 4.89
  elevation: 0
  unit_system: metric
  time_zone: {time_zone}
  currency: EUR
  country: NL
  language: en
automation: !include automations.yaml
frontend:
history:
logbook:
energy:
conversation:
recorder:
  commit_interval: 1
logger:
  default: info
"""


def seed(config: Path, port: int) -> str:
    """Prepare a configuration folder; one from an earlier run keeps what it has.

    Home Assistant is always set to the loopback network alone, so that it does not propose to
    scan the network of the person who tries the demo.

    Args:
        config: the folder, empty or from an earlier run.
        port: where on 127.0.0.1 Home Assistant will listen.

    Returns:
        An access token of the administrator.
    """
    storage = config / ".storage"
    storage.mkdir(parents=True, exist_ok=True)
    _store(storage, "http", 3, 1, _http(port))
    _store(storage, "core.network", 1, 1, {"configured_adapters": _LOOPBACK})
    token_file = config / _TOKEN_FILE
    if token_file.exists():
        return token_file.read_text()
    (config / "configuration.yaml").write_text(
        _CONFIGURATION.format(time_zone=_time_zone())
    )
    components = config / "custom_components"
    components.mkdir(exist_ok=True)
    (components / "whatsminer").symlink_to(ROOT / "custom_components" / "whatsminer")
    (config / "automations.yaml").write_text("[]\n")
    # All blueprints, as if they had been imported.
    shutil.copytree(ROOT / "blueprints", config / "blueprints", dirs_exist_ok=True)
    done = ["user", "core_config", "analytics", "integration"]
    _store(storage, "onboarding", 4, 1, {"done": done})
    _store(storage, "auth_provider.homeassistant", 1, 1, {"users": [_login()]})
    auth, token = _auth()
    _store(storage, "auth", 1, 1, auth)
    # The token is written last: it shows that everything is there.
    token_file.touch(mode=0o600)
    token_file.write_text(token)
    return token


def _store(
    storage: Path, key: str, version: int, minor: int, data: dict[str, Any]
) -> None:
    content = {"version": version, "minor_version": minor, "key": key, "data": data}
    path = storage / key
    path.touch(mode=0o600)
    path.write_text(json.dumps(content, indent=2))


def _http(port: int) -> dict[str, Any]:
    # The rest are defaults, which Home Assistant fills in only when a form is saved.
    stable = {
        "server_host": ["127.0.0.1"],
        "server_port": port,
        "cors_allowed_origins": ["https://cast.home-assistant.io"],
        "login_attempts_threshold": -1,
        "ip_ban_enabled": True,
        "ssl_profile": "intermediate_v6",
        "use_x_frame_options": True,
    }
    return {"stable": stable, "pending": None, "yaml_migration_done": True}


def _login() -> dict[str, str]:
    # The cheapest hash is enough, because the password is printed.
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(rounds=4))
    return {"username": USER, "password": base64.b64encode(hashed).decode()}


def _auth() -> tuple[dict[str, Any], str]:
    """Return the one user with all rights, and a token of that user."""
    user, credential, refresh_token = (uuid.uuid4().hex for _ in range(3))
    now = datetime.now(UTC)
    jwt_key = secrets.token_hex(64)
    token = {
        "id": refresh_token,
        "user_id": user,
        "client_id": None,
        "client_name": "script/demo",
        "client_icon": None,
        "token_type": "long_lived_access_token",
        "created_at": now.isoformat(),
        "access_token_expiration": _TOKEN_LIFE.total_seconds(),
        "token": secrets.token_hex(64),
        "jwt_key": jwt_key,
        "last_used_at": None,
        "last_used_ip": None,
        "expire_at": None,
        "credential_id": None,
        "version": None,
    }
    auth = {
        "users": [
            {
                "id": user,
                "group_ids": ["system-admin"],
                "is_owner": True,
                "is_active": True,
                "name": USER.capitalize(),
                "system_generated": False,
                "local_only": False,
            }
        ],
        "groups": [
            {"id": "system-admin", "name": "Administrators"},
            {"id": "system-users", "name": "Users"},
            {"id": "system-read-only", "name": "Read Only"},
        ],
        "credentials": [
            {
                "id": credential,
                "user_id": user,
                "auth_provider_type": "homeassistant",
                "auth_provider_id": None,
                "data": {"username": USER},
            }
        ],
        "refresh_tokens": [token],
    }
    claims = {"iss": refresh_token, "iat": now, "exp": now + _TOKEN_LIFE}
    return auth, jwt.encode(claims, jwt_key, algorithm="HS256")


def _time_zone() -> str:
    """Return this machine's time zone, so that graphs have the viewer's time."""
    path = Path("/etc/localtime").resolve().as_posix()
    _, found, name = path.partition("zoneinfo/")
    return name if found else "UTC"

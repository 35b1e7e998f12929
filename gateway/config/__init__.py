"""The gateway's configuration: one model per concern, read from YAML and environment."""

from gateway.config.settings import GatewaySettings, json_schema, load_settings

__all__ = ["GatewaySettings", "json_schema", "load_settings"]

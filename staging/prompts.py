"""Stub until the helper's file is there."""
ROOM_TYPES = {"living_room": "Living room", "default": "Any room"}
STYLES = {"modern": "Modern", "scandinavian": "Scandinavian"}
def build_prompt(*, room_type: str, style: str, custom: str | None = None, mode: str = "add") -> str:
    return f"Stage this living room in {style or 'modern'} style. {custom or ''}"

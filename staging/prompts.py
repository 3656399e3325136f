"""What a model is told: a room, a style and somebody's wishes made into one prompt.

A prompt's parts stand in an order that was found by trial. The rules come before any furniture,
because models ignore rules that follow a list of furniture; a bedroom and an outdoor space say what
belongs there, because models put sofas into the one and upholstery onto the other.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

DEFAULT_ROOM = "default"
DEFAULT_STYLE = "modern"
MODES = ("add", "replace")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is the same for all rooms of a house, or for all that is outside it."""

    rules: str
    placement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A kind of room: `noun` continues "a photograph of", `purpose` is what belongs in it."""

    label: str
    noun: str
    furniture: str
    purpose: str = ""
    is_outside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """A style: `character` goes with any room, the materials with what is inside or outside."""

    label: str
    character: str
    inside: str
    outside: str


INSIDE = Setting(
    rules=(
        "MOST IMPORTANT, before everything that follows: the room itself stays exactly as"
        " photographed. Keep every wall with its paint or covering, every window, door and opening,"
        " the ceiling and the floor, in their present colours, materials, positions and"
        " proportions. Keep the dimensions, the camera position, the lens and the framing, and what"
        " is seen through the windows. Keep all fixtures and built-ins as they are: radiators,"
        " fireplaces, fixed lamps, switches, sockets, vents, shelves, cabinets, counters,"
        " appliances and plumbing. Add only furniture, rugs, textiles, art, plants and décor that"
        " could be carried out again. Do not remove, repair, repaint, move, enlarge or cover"
        " anything that belongs to the building."
    ),
    placement=(
        "Placement: leave doors, passages and hallways free, keep a clear way through, and block"
        " neither windows nor radiators. Give every piece its true size beside the doors and the"
        " height of the ceiling, in the perspective of the photograph, with its feet firmly on the"
        " floor. Light it as the photograph is lit: the same direction, colour and softness, with"
        " soft contact shadows, and reflections where the floor shines. A few well-chosen pieces"
        " are better than many. No people, no text, no logos."
    ),
)

OUTSIDE = Setting(
    rules=(
        "MOST IMPORTANT, before everything that follows: the place itself stays exactly as"
        " photographed. Keep the building with its walls, paint, windows and doors, and the ground"
        " with its paving, boards or lawn, in their present colours, materials, positions and"
        " proportions. Keep roofs, railings, fences, steps, walls, fixed lamps, pools, trees,"
        " flower beds and hedges, the sky and the weather. Keep the dimensions, the camera"
        " position, the lens and the framing. Add only furniture, rugs, parasols, planters and"
        " décor that could be carried away again. Do not remove, repair, repaint, move, enlarge or"
        " cover anything that is built or has grown there."
    ),
    placement=(
        "Placement: leave doors, steps and paths free, and keep a clear way from the house to the"
        " edge. Stand furniture on firm, level ground, never in the lawn's middle or in a pool."
        " Give every piece its true size beside the doors and railings, in the perspective of the"
        " photograph. Light it as the photograph is lit: shadows fall in the direction and with the"
        " hardness of those already there. A few well-chosen pieces are better than many. No"
        " people, no text, no logos."
    ),
)

ROOMS: Mapping[str, Room] = MappingProxyType(
    {
        "living_room": Room(
            label="Living room",
            noun="a living room",
            furniture=(
                "Make one seating group around a low table: a sofa that suits the longest free wall"
                " and one or two armchairs turned towards it. Lay a rug large enough for the front"
                " feet of all the seats. Add a side table with a lamp, a slim console or low media"
                " cabinet, one large piece of art at eye height and a tall plant in a bright"
                " corner. Finish with a few cushions, a folded throw and two or three books."
            ),
        ),
        "bedroom": Room(
            label="Bedroom",
            noun="a bedroom",
            purpose=(
                "This is a place to sleep. What belongs here: a bed, nightstands, a dresser, a"
                " bench at the foot of the bed, one small accent chair where there is space, lamps,"
                " a rug and curtains. What does not: no sofa, no sectional, no coffee table, no"
                " table for meals, no television wall, and no second bed."
            ),
            furniture=(
                "Set a made-up double bed with an upholstered or wooden headboard against the wall"
                " that best takes it, with a matching nightstand and lamp on each side. Dress it in"
                " smooth sheets, a full duvet, layered pillows and a throw across its foot. Let a"
                " soft rug reach out on both sides. Hang one calm piece of art above the headboard"
                " and stand a dresser where it leaves the wardrobe doors free."
            ),
        ),
        "kitchen": Room(
            label="Kitchen",
            noun="a kitchen",
            furniture=(
                "The cabinets, worktops and appliances are there already: style them, add none. Set"
                " two or three stools at the counter or island if there is an overhang to sit at,"
                " or a small round table with two chairs where the floor is free. On the worktop"
                " put little: a wooden board, a bowl of fruit, a vase of green stems, a jar of"
                " utensils beside the hob. Lay a flat-woven runner along the counter. Leave most of"
                " the worktop, the sink and the hob clear."
            ),
        ),
        "bathroom": Room(
            label="Bathroom",
            noun="a bathroom",
            furniture=(
                "Every sanitary fitting stays as it is; style the place like that of a good hotel."
                " Hang thick folded towels on the rail and roll others into a basket. Lay a clean"
                " bath mat before the tub or shower. Beside the basin set a tray with a soap"
                " dispenser and a small vase, and leave the rest of the surface bare. Where the"
                " floor allows, add a narrow stool or a ladder rack and one plant that likes damp"
                " air. Mirrors reflect what truly stands before them."
            ),
        ),
        "dining_room": Room(
            label="Dining room",
            noun="a dining room",
            furniture=(
                "Centre one table on the space, or under the ceiling lamp if there is one, with"
                " four to eight matching chairs as its length allows, each with room to be pulled"
                " back. Lay a rug that still holds the chairs when they are drawn out. On the table"
                " set a low centrepiece of branches or fruit and at most a simple setting of plates"
                " and glasses. Stand a sideboard against the longest free wall, with a lamp or a"
                " vase on it and one large piece of art above."
            ),
        ),
        "office": Room(
            label="Office",
            noun="a home office",
            furniture=(
                "Place a desk of generous width where daylight falls from the side, with a"
                " comfortable task chair behind it. On it: a closed laptop, a task lamp, a notebook"
                " and a cup of pencils, with no tangle of cables. Add an open bookcase, half full,"
                " with books and a few objects, and a small armchair for reading if there is space."
                " Lay a rug under the desk, hang one framed print and add one plant."
            ),
        ),
        "entryway": Room(
            label="Entryway",
            noun="an entryway",
            furniture=(
                "Keep it light and easy to walk through: only shallow pieces along one wall. Stand"
                " a slim console there with a lamp, a tray for keys and a vase of branches, and"
                " hang a mirror above it at eye height. Add a narrow bench with a basket under it,"
                " or a row of hooks with one coat and one bag. Lay a hard-wearing runner in the"
                " direction of the walk, clear of the front door's swing."
            ),
        ),
        "outdoor": Room(
            label="Outdoor",
            noun="an outdoor space (a patio, terrace, balcony, deck or garden)",
            purpose=(
                "This is a place to sit and eat in the open air. What belongs here: weatherproof"
                " lounge seats, benches, deck chairs, a weatherproof table with chairs, a parasol,"
                " a flat-woven weatherproof rug, lanterns and potted plants. What does not: no"
                " furniture made for indoors, no upholstered sofa with fabric sides, no bed, no"
                " television, no floor lamp with a cord, no framed art and no bookcase."
            ),
            furniture=(
                "Group two to four weatherproof seats with quick-drying cushions around a low"
                " table, facing the best view. Where there is space for a second group, set a table"
                " with chairs in the shade of a parasol; on a narrow balcony use only a small"
                " folding table and two chairs. Frame the group with a few planters of different"
                " heights and set two lanterns on the ground."
            ),
            is_outside=True,
        ),
        DEFAULT_ROOM: Room(
            label="Any room",
            noun="a room",
            furniture=(
                "First read from its shape, size, fixtures and daylight what the room is for, then"
                " furnish it for that one use and no other. Begin with the one large piece that the"
                " use calls for, against the wall or around the centre where it fits best. Add the"
                " seats, tables and storage that go with it, each in proportion. Lay a rug that"
                " ties the group together, bring in one or two lamps, and hang one piece of art at"
                " eye height. Finish with a plant and a few everyday objects."
            ),
        ),
    }
)

_STYLES: Mapping[str, Style] = MappingProxyType(
    {
        "modern": Style(
            label="Modern",
            character=(
                "Modern means low, straight lines, slender legs, flat fronts and nothing without a"
                " use. Keep to warm white, greige and charcoal, with one muted accent such as rust"
                " or deep green."
            ),
            inside=(
                "Use walnut, smooth wool, leather, glass and matt black steel, an abstract print"
                " without ornament, and much empty surface."
            ),
            outside=(
                "Use powder-coated aluminium, smooth teak, tight-woven rope and plain square"
                " planters, with cushions in a single colour."
            ),
        ),
        "contemporary": Style(
            label="Contemporary",
            character=(
                "Contemporary means what is bought today: generous, rounded shapes, curved edges"
                " and a play of textures. Keep to layered neutrals (oat, sand, taupe, soft grey)"
                " with one fresh accent such as ochre or dusty blue."
            ),
            inside=(
                "Use bouclé and linen, pale oak, travertine or marble, brushed brass in small"
                " amounts, one sculptural lamp and one oversized artwork."
            ),
            outside=(
                "Use deep woven seats with rounded backs, pale weathered wood, a stone-topped table"
                " and large curved pots of grasses."
            ),
        ),
        "traditional": Style(
            label="Traditional",
            character=(
                "Traditional means symmetry, turned legs, rolled arms and pieces that seem to have"
                " been handed down. Keep to cream, navy, sage and burgundy, warm and quiet."
            ),
            inside=(
                "Use polished cherry or mahogany, linen and velvet, a patterned wool rug with a"
                " border, lamps in pairs with pleated shades, landscape paintings in gilt frames"
                " and fresh flowers in porcelain."
            ),
            outside=(
                "Use slatted teak benches or wrought iron with scrolled backs, piped cushions,"
                " terracotta urns and clipped box in pairs."
            ),
        ),
        "industrial": Style(
            label="Industrial",
            character=(
                "Industrial means honest, sturdy pieces that show how they are made: bolts, welds,"
                " worn edges. Keep to black, iron grey, tobacco brown and brick red, softened by"
                " off-white."
            ),
            inside=(
                "Use aged leather, reclaimed planks on blackened steel frames, metal shelving,"
                " lamps with bare filament bulbs or enamel shades, a flat-woven rug and"
                " black-and-white photographs."
            ),
            outside=(
                "Use black steel frames with thick reclaimed boards, canvas cushions in grey,"
                " galvanised tubs as planters and caged lanterns."
            ),
        ),
        "scandinavian": Style(
            label="Scandinavian",
            character=(
                "Scandinavian means bright, simple and warm: light frames, tapered legs, plain"
                " shapes and plenty of air. Keep to white, pale grey and natural wood, with small"
                " touches of sage, sky blue or mustard."
            ),
            inside=(
                "Use birch, ash and light oak, wool, linen and sheepskin, paper or opal glass"
                " lamps, a pale woven rug, simple line drawings in thin frames and a green plant in"
                " a stoneware pot."
            ),
            outside=(
                "Use oiled pale wood and white metal, folding chairs, wool blankets in a basket,"
                " sheepskins over the seats and herbs in clay pots."
            ),
        ),
    }
)

ROOM_TYPES: Mapping[str, str] = MappingProxyType({key: room.label for key, room in ROOMS.items()})
STYLES: Mapping[str, str] = MappingProxyType({key: style.label for key, style in _STYLES.items()})


def build_prompt(
    *, room_type: str, style: str, custom: str | None = None, mode: str = "add"
) -> str:
    """Return the prompt for a room and a style; empty ones are any room and modern.

    Somebody's own words come behind the rules ("add"), or are the whole prompt ("replace", which
    leaves the rules out as well). Raises ValueError, which names what is allowed.
    """
    room = ROOMS[_choose(room_type or DEFAULT_ROOM, ROOMS, name="room type")]
    look = _STYLES[_choose(style or DEFAULT_STYLE, _STYLES, name="style")]
    wishes = (custom or "").strip()
    if _choose(mode, MODES, name="prompt mode") == "replace":
        if not wishes:
            raise ValueError('The prompt mode "replace" needs a prompt of your own.')
        return wishes
    setting = OUTSIDE if room.is_outside else INSIDE
    parts = [
        _introduce(room, look),
        setting.rules,
        room.purpose,
        wishes and f"The client's wishes, within the rules above and before all below: {wishes}",
        f"{room.furniture} {look.character} {look.outside if room.is_outside else look.inside}",
        setting.placement,
    ]
    return "\n\n".join(part for part in parts if part)


def _introduce(room: Room, style: Style) -> str:
    return (
        f"This is a real-estate photograph of {room.noun}. Furnish it in {style.label} style, with"
        " the eye of an experienced real-estate photographer who prepares a home for sale. The"
        " result must pass for a second photograph, taken from the same tripod once the furniture"
        " had arrived."
    )


def _choose(key: str, allowed: Iterable[str], *, name: str) -> str:
    if key not in allowed:
        raise ValueError(f'There is no {name} "{key}": choose one of {", ".join(allowed)}.')
    return key

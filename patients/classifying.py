"""The type of a lesion: by the decision rule, and what contradicts the one that was chosen.

Values in, values out, like `patients.grading`; the limits are those of the rule's definition.
"""

from collections.abc import Mapping
from decimal import Decimal

from patients.grading import Scar, at_least, plain


def classify(lesion: Mapping, scale: Mapping) -> dict:
    """The type that the decision rule gives: `{type, flags, ask, derived}`.

    `lesion` holds palpable, colour, raised, beyond_original_outline, wall (sharp, sloping), base
    (pointed, flat), width_mm, depth_mm, distensible, region, band and tract; absent is unknown.
    What cannot be told is asked for, never guessed.
    """
    rule = scale["definition"]
    described = lesion.get("wall") is not None or lesion.get("raised") is True
    palpable = lesion.get("palpable")
    if palpable is None and not described:
        return _typed(None, ask=["palpable"])
    if palpable is False:
        return _classify_flat(lesion, scale)
    raised = lesion.get("raised")
    if raised:
        return _classify_raised(lesion, rule)
    if lesion.get("band"):
        return _typed("bridge")
    if lesion.get("tract"):
        return _typed("tunnel")
    if raised is None and lesion.get("wall") is None:
        return _typed(None, ask=["raised"])
    return _classify_depressed(lesion, rule)


def _typed(kind, flags=(), ask=(), **derived) -> dict:
    return {"type": kind, "flags": list(flags), "ask": list(ask), "derived": derived}


def _classify_flat(lesion, scale) -> dict:
    for row in scale["rows"]:
        if lesion.get("colour") in row["colours"]:
            return _typed(row["type"])
    return _typed(None, ask=["colour"])


def _classify_raised(lesion, rule) -> dict:
    beyond = lesion.get("beyond_original_outline")
    if beyond is None:
        return _typed(None, ask=["beyond_original_outline"])
    if beyond:
        return _typed("keloid")
    papular_place = str(lesion.get("region", "")).split(".")[0] in rule["papular_regions"]
    if papular_place and lesion.get("width_mm") is None:
        return _typed("hypertrophic", ask=["width_mm"])
    if papular_place and not _above(lesion["width_mm"], rule["papular_up_to_mm"]):
        return _typed("papular")
    return _typed("hypertrophic")


def _classify_depressed(lesion, rule) -> dict:
    wall, base, width = lesion.get("wall"), lesion.get("base"), lesion.get("width_mm")
    if wall is None:
        return _typed(None, ask=["wall"])
    if wall == "sloping":
        narrow = width is not None and not at_least(width, rule["rolling_typical_from_mm"])
        return _typed("rolling", ["width_below_typical"] if narrow else [])
    if base is None:
        return _typed(None, ask=["base"])
    if base == "pointed":
        wide = at_least(width, rule["ice_pick_below_mm"])
        return _typed("ice_pick", ["atypical_width"] if wide else [])
    flags = ["width_above_typical"] if _above(width, rule["boxcar_typical_up_to_mm"]) else []
    wide = {} if width is None else {"boxcar_wide": _above(width, rule["boxcar_wide_above_mm"])}
    if lesion.get("depth_mm") is None:
        return _typed("boxcar_unspecified", flags, ["depth_mm"], **wide)
    deep = at_least(lesion["depth_mm"], rule["boxcar_deep_from_mm"])
    return _typed("boxcar_deep" if deep else "boxcar_shallow", flags, **wide)


def _above(value, limit) -> bool:
    return value is not None and Decimal(str(value)) > Decimal(str(limit))


def contradictions(scar: Scar, scale: Mapping) -> list[str]:
    """What does not fit the chosen type, in words: it warns and never changes the entry."""
    rule, found = scale["definition"], []
    if scar.type == "ice_pick" and at_least(scar.width_mm, rule["ice_pick_below_mm"]):
        found.append(
            f"An ice pick scar is narrower than {rule['ice_pick_below_mm']:g} mm. "
            "Flat base: a boxcar. Sloping edge: rolling."
        )
    if scar.type.startswith("boxcar") and scar.depth_mm is not None:
        deep = at_least(scar.depth_mm, rule["boxcar_deep_from_mm"])
        usual = "boxcar_deep" if deep else "boxcar_shallow"
        if scar.type != usual:
            found.append(
                f"{plain(Decimal(str(scar.depth_mm)))} mm is "
                f"{'a deep' if deep else 'a shallow'} boxcar "
                f"(deep from {rule['boxcar_deep_from_mm']:g} mm)."
            )
    if scar.type == "boxcar_unspecified" and scar.depth_mm is None:
        found.append("Depth of the boxcar is not recorded: shallow or deep?")
    if scar.type.startswith("boxcar") and _above(scar.width_mm, rule["boxcar_typical_up_to_mm"]):
        found.append(f"Boxcars are usually up to {rule['boxcar_typical_up_to_mm']:g} mm wide.")
    narrow = scar.width_mm is not None and not at_least(
        scar.width_mm, rule["rolling_typical_from_mm"]
    )
    if scar.type == "rolling" and narrow:
        found.append(f"Rolling scars are usually {rule['rolling_typical_from_mm']:g} mm or wider.")
    if scar.type == "ice_pick" and scar.distensible:
        found.append("An ice pick scar does not usually flatten when stretched.")
    if scar.type == "rolling" and scar.distensible is False:
        found.append("A rolling scar usually flattens when stretched.")
    return found

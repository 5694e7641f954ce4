"""Query parameters that tell how a reader came, never which page it is: data, and three questions about it."""

import re
from typing import Final
from urllib.parse import unquote

# Query parameters that tell how a reader came, never which page it is.
_TRACKING: Final = frozenset(
    """__s __twitter_impression _branch_match_id _ga _gl _hsenc _hsmi _ke _kx _openstat at_bbc_team at_campaign at_custom1 at_custom2
    at_custom3 at_custom4 at_format at_link_id at_link_origin at_link_type at_medium at_ptr_name cmpid cx_partner dclid echobox epik
    fb_action_ids fb_action_types fb_ref fb_source fbclid ga_campaign ga_content ga_medium ga_source ga_term gbraid gclid gclsrc gs_lcrp
    guccounter guce_referrer guce_referrer_sig hsctatracking igsh igshid isappinstalled mc_cid mc_eid mkt_tok ml_subscriber
    ml_subscriber_hash msclkid ns_campaign ns_fee ns_linkname ns_mchannel ns_source ocid oly_anon_id oly_enc_id piwik_campaign
    piwik_keyword piwik_kwd pk_campaign pk_keyword pk_kwd pk_medium pk_source rb_clickid ref_src ref_url s_cid scid smid smtyp soc_src
    soc_trk spref sr_share srsltid sscid ttclid twclid vero_conv vero_id wbraid wickedid wt.mc_ev wt.mc_id wt_mc wt_zmc xtor yclid
    ysclid zanpid""".split()  # noqa: SIM905
)
_TRACKING_PREFIXES: Final = ("utm_", "utm-", "mtm_", "matomo_", "hsa_", "itm_", "stm_", "trk_")
# On some sites these choose the page. A value that names a feed or a whole domain shows that here they do not.
_MAYBE_TRACKING: Final = frozenset(
    "campaign cid cmp emc from ftag medium mod ncid partner ref referer referrer sc_cid source src via".split()  # noqa: SIM905
)
_TRACKING_VALUE: Final = re.compile(r"rss|atom|feeds?|rss[-_. ]?feeds?|rss\d*[-_].*|(?:[a-z0-9-]+\.)+[a-z]{2,24}/?", re.IGNORECASE)


def untracked(query: str) -> str:
    """A query, with its mark, without what only tracks; byte for byte the same if there is nothing of that."""
    pieces = query[1:].split("&")
    kept = [piece for piece in pieces if not tracks(piece)]
    if len(kept) == len(pieces):
        return query
    return "?" + "&".join(kept) if any(kept) else ""


def tracks(parameter: str) -> bool:
    """Tell whether one parameter ("name=value") only tracks.

    >>> tracks("utm_source=feed"), tracks("ref=example.com"), tracks("ref=42")
    (True, True, False)
    """
    name, _, value = parameter.partition("=")
    # Feeds that escape twice leave "amp;" before every name but the first.
    name = unquote(name).lower().removeprefix("amp;")
    if name in _TRACKING or name.startswith(_TRACKING_PREFIXES):
        return True
    return name in _MAYBE_TRACKING and bool(_TRACKING_VALUE.fullmatch(unquote(value)))


def only_tracks(fragment: str) -> bool:
    """Tell whether a fragment, without its mark, is made of tracking parameters alone.

    >>> only_tracks("utm_source=feed&xtor=RSS-1"), only_tracks("section")
    (True, False)
    """
    return "=" in fragment and all(tracks(piece) for piece in fragment.split("&"))

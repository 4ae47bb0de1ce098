"""Names of months and weekdays, in the languages that exports are written in."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Literal

Language = Literal["en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "da", "no", "cs"]

# Of each month from January on: its full names, a slash, how it is shortened.
_MONTHS: dict[Language, str] = {
    "en": "january/jan february/feb march/mar april/apr may/may june/jun july/jul august/aug "
    "september/sep,sept october/oct november/nov december/dec",
    "de": "januar,jänner/jan,jän februar,feber/feb märz/mär,mrz,märz april/apr mai/mai "
    "juni/jun,juni juli/jul,juli august/aug september/sep,sept oktober/okt november/nov "
    "dezember/dez",
    "fr": "janvier/janv,jan février/févr,fév mars/mars,mar avril/avr mai/mai juin/juin,jun "
    "juillet/juil,juill,jul août/août,aoû septembre/sept,sep octobre/oct novembre/nov "
    "décembre/déc",
    "es": "enero/ene febrero/feb marzo/mar abril/abr mayo/may junio/jun julio/jul agosto/ago "
    "septiembre,setiembre/sep,sept,set octubre/oct noviembre/nov diciembre/dic",
    "it": "gennaio/gen,genn febbraio/feb,febbr marzo/mar aprile/apr maggio/mag giugno/giu "
    "luglio/lug agosto/ago settembre/set,sett ottobre/ott novembre/nov dicembre/dic",
    "pt": "janeiro/jan fevereiro/fev março/mar abril/abr maio/mai junho/jun julho/jul agosto/ago "
    "setembro/set outubro/out novembro/nov dezembro/dez",
    "nl": "januari/jan februari/feb,febr maart/mrt,mar april/apr mei/mei juni/jun juli/jul "
    "augustus/aug september/sep,sept oktober/okt november/nov december/dec",
    "pl": "styczeń,stycznia/sty luty,lutego/lut marzec,marca/mar kwiecień,kwietnia/kwi "
    "maj,maja/maj,maja czerwiec,czerwca/cze lipiec,lipca/lip sierpień,sierpnia/sie "
    "wrzesień,września/wrz październik,października/paź listopad,listopada/lis "
    "grudzień,grudnia/gru",
    "sv": "januari/jan februari/feb,febr mars/mar,mars april/apr maj/maj juni/jun,juni "
    "juli/jul,juli augusti/aug september/sep,sept oktober/okt november/nov december/dec",
    "da": "januar/jan februar/feb marts/mar april/apr maj/maj juni/jun juli/jul august/aug "
    "september/sep,sept oktober/okt november/nov december/dec",
    "no": "januar/jan februar/feb mars/mar,mars april/apr mai/mai juni/jun,juni juli/jul,juli "
    "august/aug september/sep,sept oktober/okt november/nov desember/des",
    "cs": "leden,ledna/led únor,února/úno březen,března/bře duben,dubna/dub květen,května/kvě "
    "červen,června/čvn červenec,července/čvc srpen,srpna/srp září/zář říjen,října/říj "
    "listopad,listopadu/lis prosinec,prosince/pro",
}
# The same of each weekday, from Monday on.
_WEEKDAYS: dict[Language, str] = {
    "en": "monday/mon tuesday/tue,tues wednesday/wed thursday/thu,thur,thurs friday/fri "
    "saturday/sat sunday/sun",
    "de": "montag/mo dienstag/di mittwoch/mi donnerstag/do freitag/fr samstag,sonnabend/sa "
    "sonntag/so",
    "fr": "lundi/lun mardi/mar mercredi/mer jeudi/jeu vendredi/ven samedi/sam dimanche/dim",
    "es": "lunes/lun martes/mar miércoles/mié jueves/jue viernes/vie sábado/sáb domingo/dom",
    "it": "lunedì/lun martedì/mar mercoledì/mer giovedì/gio venerdì/ven sabato/sab domenica/dom",
    "pt": "segunda-feira,segunda/seg terça-feira,terça/ter quarta-feira,quarta/qua "
    "quinta-feira,quinta/qui sexta-feira,sexta/sex sábado/sáb domingo/dom",
    "nl": "maandag/ma dinsdag/di woensdag/wo donderdag/do vrijdag/vr zaterdag/za zondag/zo",
    "pl": "poniedziałek/pon,pn wtorek/wto,wt środa/śro,śr czwartek/czw,cz piątek/pią,pt "
    "sobota/sob,so niedziela/nie,niedz,nd",
    "sv": "måndag/mån tisdag/tis onsdag/ons torsdag/tors,tor fredag/fre lördag/lör söndag/sön",
    "da": "mandag/man tirsdag/tir onsdag/ons torsdag/tor fredag/fre lørdag/lør søndag/søn",
    "no": "mandag/man tirsdag/tir onsdag/ons torsdag/tor fredag/fre lørdag/lør søndag/søn",
    "cs": "pondělí/po úterý/út středa/st čtvrtek/čt pátek/pá sobota/so neděle/ne",
}
_TABLES = {
    "%b": (_MONTHS, 1), "%B": (_MONTHS, 0), "%a": (_WEEKDAYS, 1), "%A": (_WEEKDAYS, 0),
}  # fmt: skip
NAMED = (*_TABLES,)
"""Directives of names: of a month, shortened and in full, and of a weekday."""
_WITHOUT_MARKS = str.maketrans({"ł": "l", "ø": "o", "ß": "ss"})
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})


@cache
def names_of(directive: str, languages: Sequence[Language]) -> Mapping[str, int]:
    """Return the names that a directive reads, in lower case, with their numbers from 1.

    Accents are composed, decomposed or left out. A name of two languages is that of the first.
    """
    tables, place = _TABLES[directive]
    found: dict[str, int] = {}
    for language in languages:
        for number, written in enumerate(tables[language].split(), 1):
            for name in written.split("/")[place].split(","):
                for spelling in _spellings(name):
                    found.setdefault(spelling, number)
    return found


def _spellings(name: str) -> Iterator[str]:
    apart = unicodedata.normalize("NFD", name)
    yield from (name, apart, name.translate(_UMLAUTS))
    yield "".join(c for c in apart if not unicodedata.combining(c)).translate(_WITHOUT_MARKS)

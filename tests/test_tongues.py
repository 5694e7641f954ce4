"""What language a text tells that it is written in."""

import pytest

from aggregator.refine.likeness import words
from aggregator.refine.tongues import are_two, tongue

TEXTS = {
    "en": "The water came over the wall in the night, and by the morning there was nothing that they could have done about it.",
    "fr": "L’eau est passée par-dessus le mur dans la nuit, et au matin il n’y avait plus rien que les gens auraient pu faire pour elle.",
    "de": "Das Wasser kam in der Nacht über die Mauer, und am Morgen war nichts mehr da, was sie noch hätten retten können.",
    "es": "El agua pasó por encima del muro durante la noche, y por la mañana ya no había nada que los vecinos pudieran hacer.",
    "pt": "A água passou por cima do muro durante a noite, e de manhã já não havia nada que os moradores da rua pudessem fazer.",
    "it": "L’acqua è passata sopra il muro nella notte, e al mattino non c’era più nulla che gli abitanti della via potessero fare.",
    "nl": "Het water kwam in de nacht over de muur, en in de ochtend was er niets meer dat zij nog hadden kunnen doen.",
    "pl": "Woda przeszła przez mur w nocy i rano nie było już nic, co mieszkańcy ulicy mogliby jeszcze zrobić dla tej części miasta.",
    "tr": "Su gece duvarın üzerinden geldi ve sabah olduğunda artık yapılacak bir şey yoktu; bu çok eski bir duvar ve daha yüksek değil.",
    "ru": "Вода ночью перешла через стену, и к утру уже не было ничего, что они могли бы сделать для этой улицы.",
    "uk": "Вода вночі перейшла через стіну, і до ранку вже не було нічого, що вони могли б зробити для цієї вулиці, або як це було.",
    "ar": "جاءت المياه من فوق الجدار في الليل، ولم يكن هناك ما يمكن أن يفعله أحد في الصباح، وقد كان ذلك بعد العاصفة.",
    "fa": "آب در شب از روی دیوار آمد و صبح دیگر کاری نبود که بتوان برای آن کرد، و این را همه می دانند که از پیش بود.",
    "ja": "水は夜のうちに壁を越えて来た。朝にはもうできることは何もなかった。",
    "Han": "夜里水漫过了墙，到了早上，已经没有什么可以做的了。",
    "Hangul": "밤에 물이 벽을 넘어왔고 아침에는 할 수 있는 일이 아무것도 없었다.",
    "Hebrew": "המים עברו מעל החומה בלילה, ובבוקר לא היה עוד מה לעשות.",
    "Greek": "Το νερό πέρασε πάνω από τον τοίχο τη νύχτα.",
}


@pytest.mark.parametrize(("name", "text"), TEXTS.items())
def test_a_sentence_tells_its_language(name: str, text: str) -> None:
    assert tongue(words(f"<p>{text}</p>")) == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12 345",
        "Ann Bell, Quayton",
        "Release 1.2.3: bug fixes, performance, docs",
        "x = f(a, b) if a else c",
        "The The: The Best of The The, The Remixes",
        "Bell of Quayton, Reed from Harbour, Ash and Elm, Tom with Sue " + "Ann Bell Quayton " * 40,
    ],
)
def test_what_says_little_tells_nothing(text: str) -> None:
    assert tongue(words(f"<p>{text}</p>")) is None
    assert not are_two(words(f"<p>{text}</p>"), words(TEXTS["de"]))


def test_neighbours_are_not_told_apart() -> None:
    danish = "Vandet kom over muren om natten, og om morgenen var der ikke mere, som de kunne have gjort for den gade, og det var det."
    norwegian = "Vannet kom over muren om natten, og om morgenen var det ikke mer som de kunne ha gjort for den gaten, og det var det."
    assert not are_two(words(danish), words(norwegian))
    assert are_two(words(danish), words(TEXTS["de"])) or tongue(words(danish)) is None

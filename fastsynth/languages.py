"""Languages that users may write in, and what checks of words have to know of each."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

ENGLISH = "en"


class Language(msgspec.Struct, frozen=True, kw_only=True):
    """Patterns are searched without regard to case."""

    name: str
    common: frozenset[str] = frozenset()
    """Words that most sentences of it hold and few of other languages do."""
    letters: str = ""
    """Its letters as a character class, where other languages here have none of them."""
    months: tuple[str, ...] = ()
    """As they are written in dates, January first; () where months are numbered."""
    comma: bool = False
    """Whether fractions are written 3,5 and thousands 1.000 or 1 000."""
    unable: str
    """What someone says who cannot or must not do a thing."""
    asks: str
    """Words that ask which, when, who."""
    rule: str
    """Words for a rule or a limit."""


LANGUAGES: Mapping[str, Language] = {
    "de": Language(
        name="German",
        common=frozenset(
            "ich sie du der die das den dem des ein eine einen einem einer ist sind und oder"
            " nicht mit für von auf zu zum zur im am bei nach aus wie was wann bitte mir mich"
            " mein meine meinen meinem meiner dein deine ihr ihre kannst können könntest könnten"
            " wird wurde werden habe hat haben auch noch dann es wenn dass danke".split()
        ),
        months=tuple(
            "januar februar märz april mai juni"
            " juli august september oktober november dezember".split()
        ),
        comma=True,
        unable=r"kann[^.!?]*\b(?:nicht|kein\w*)\b|können[^.!?]*\b(?:nicht|kein\w*)\b|darf[^.!?]*\b"
        r"(?:nicht|kein\w*)\b|nicht (?:möglich|erlaubt|zulässig|gestattet)|leider|unmöglich"
        r"|keine? (?:funktion|werkzeug|möglichkeit)|ablehnen",
        asks=r"\b(?:welche[rsnm]?|wann|wer|wen|wem|wo|wohin|wie (?:viele?|lange|hoch)|was)\b",
        rule=r"regel|richtlinie|höchst|grenze|limit|maxim|erlaubt|zulässig|gestattet",
    ),
    "en": Language(
        name="English",
        common=frozenset(
            "the a an i you your my me it is are was were and or not with for from to of on at"
            " by what when which how please can could would will have has been be this that"
            " there then also do".split()
        ),
        months=tuple(
            "january february march april may june"
            " july august september october november december".split()
        ),
        unable=r"\b(?:can(?:'|no)?t|cannot|can not|unable|not able|not allowed|not permitted"
        r"|don't have|do not have|none of|no tool|no way|not possible|isn't (?:something|possible)"
        r"|not something|won't|may not|must not|unfortunately|declin\w+|refuse)\b",
        asks=r"\b(?:which|what|who|whom|when|where|how (?:much|many|long))\b",
        rule=r"\b(?:rule|policy|limit|maximum|at most|not allowed|not permitted)\b",
    ),
    "es": Language(
        name="Spanish",
        common=frozenset(
            "el los las de en una unos que por para con del al es son está están mi mis tu su"
            " sus yo puedes puede podrías podría quiero necesito favor cuál cuándo como cómo"
            " pero muy más ya también se lo le me te gracias y o si ha he sido hola".split()
        ),
        months=tuple(
            "enero febrero marzo abril mayo junio"
            " julio agosto septiembre octubre noviembre diciembre".split()
        ),
        comma=True,
        unable=r"no (?:puedo|podemos|se puede|es posible|está permitid|me es|dispongo|tengo|debo)"
        r"|imposible|lamentablemente|lo siento|desafortunadamente|por desgracia",
        asks=r"(?:cuál(?:es)?|cuándo|quién(?:es)?|dónde|cuánt[oa]s?|qué)\b",
        rule=r"regla|norma|política|límite|máxim|como mucho|permitid",
    ),
    "fr": Language(
        name="French",
        common=frozenset(
            "le les de des un en à une est sont et ou que qui pour avec dans sur mon mes ma ton"
            " ta tes votre vos je tu vous nous il elle peux pouvez pourrais pourriez veux"
            " voudrais plaît merci du au aux ce cette ces quel quelle pas ne été avez ai bonjour"
            " aussi l'ai j'ai c'est d'un d'une n'est".split()
        ),
        months=tuple(
            "janvier février mars avril mai juin"
            " juillet août septembre octobre novembre décembre".split()
        ),
        comma=True,
        unable=r"\b(?:ne |n')(?:peux|peut|pouvons|puis|dispose|est|suis|ai|dois)"
        r"(?: \w+)? (?:pas|aucun)|impossible|malheureusement|désolée?"
        r"|pas (?:possible|autoris|permis)",
        asks=r"\b(?:quel(?:le)?s?|quand|qui|où|combien|laquelle|lequel)\b|qu'",
        rule=r"règle|politique|limite|maxim|au plus|autoris|permis",
    ),
    "it": Language(
        name="Italian",
        common=frozenset(
            "il gli la un una uno che per con del della dei delle al alla è sono mio mia miei"
            " mie tuo tua io puoi può potresti potrebbe vorrei bisogno favore grazie quale"
            " quando come anche non di da nel nella sul sulla ho hai ha stato stata e ciao"
            " questo questa".split()
        ),
        months=tuple(
            "gennaio febbraio marzo aprile maggio giugno"
            " luglio agosto settembre ottobre novembre dicembre".split()
        ),
        comma=True,
        unable=r"non (?:posso|possiamo|può|è possibile|è consentit|è permess|sono in grado|ho|devo)"
        r"|impossibile|purtroppo|mi dispiace",
        asks=r"\b(?:quale|quali|quando|chi|dove|quant[oaie]|che cosa|cosa)\b",
        rule=r"regola|politica|limite|massim|al più|consentit|permess",
    ),
    "ja": Language(
        name="Japanese",
        letters=r"[\u3040-\u30ff\u3400-\u9fff]",
        unable=r"でき(?:ません|ない|かね)|いたしかね|ございません|(?:禁止|不可)|申し訳|許可されて",
        asks=r"どの|どれ|どちら|いつ|誰|どこ|何|いくら|いくつ",
        rule=r"規則|ルール|上限|制限|最大|ポリシー|許可|禁止",
    ),
    "ko": Language(
        name="Korean",
        letters=r"[\uac00-\ud7af]",
        unable=r"(?:할 |될 )?수 없|불가능|어렵습니다|못합니다|죄송|허용되지",
        asks=r"어느|어떤|언제|누구|어디|무엇|무슨|몇|얼마",
        rule=r"규칙|정책|한도|제한|최대|허용",
    ),
    "nl": Language(
        name="Dutch",
        common=frozenset(
            "ik je jij het een van voor met op naar bij uit mijn jouw uw kun kunt kan wil graag"
            " alsjeblieft alstublieft welke wanneer hoe wat ook nog dan niet zijn werd wordt heb"
            " heeft hebt en de dat deze dit bedankt aan als".split()
        ),
        months=tuple(
            "januari februari maart april mei juni"
            " juli augustus september oktober november december".split()
        ),
        comma=True,
        unable=r"\b(?:kan|kunnen)\b[^.!?]*\b(?:niet|geen)\b|mag[^.!?]*\b(?:niet|geen)\b"
        r"|niet (?:mogelijk|toegestaan)|helaas|onmogelijk",
        asks=r"\b(?:welke?|wanneer|wie|waar|hoe ?(?:veel|lang)|wat)\b",
        rule=r"regel|beleid|limiet|grens|maxim|hoogstens|toegestaan",
    ),
    "pt": Language(
        name="Portuguese",
        common=frozenset(
            "os de em um por dia às preciso uma uns que para com do da dos das no na nos nas é"
            " são está estão meu minha meus minhas seu sua eu você pode poderia quero favor"
            " obrigado obrigada qual quando como mas muito mais também não foi ser ao à e se"
            " olá".split()
        ),
        months=tuple(
            "janeiro fevereiro março abril maio junho"
            " julho agosto setembro outubro novembro dezembro".split()
        ),
        comma=True,
        unable=r"não (?:posso|podemos|pode|é possível|é permitid|consigo|tenho|há como|devo)"
        r"|impossível|infelizmente|lamento|desculpe",
        asks=r"\b(?:qual|quais|quando|quem|onde|quant[oa]s?|o que)\b",
        rule=r"regra|política|limite|máxim|no máximo|permitid",
    ),
    "ru": Language(
        name="Russian",
        letters=r"[\u0400-\u04ff]",
        months=tuple(
            "января февраля марта апреля мая июня"
            " июля августа сентября октября ноября декабря".split()
        ),
        comma=True,
        unable=r"не (?:могу|можем|могут|получится|удастся|разреш|допуска|имею|предусмотр)|нельзя"
        r"|невозможно|к сожалению|запрещ",
        asks=r"как(?:ой|ая|ое|ие|ую|ого)|котор|когда|кто|кому|где|куда|сколько|что",
        rule=r"правил|политик|лимит|предел|максим|не более|разреш|запрещ",
    ),
    "zh": Language(
        name="Chinese",
        letters=r"[\u3400-\u9fff]",
        unable=r"不能|无法|無法|不可以|不允许|不允許|没有(?:办法|权限|工具)|抱歉|做不到|不行|禁止",
        asks=r"哪|什么|什麼|何时|何時|谁|誰|多少|几|幾|多久",
        rule=r"规则|規則|规定|規定|政策|上限|限制|最多|允许|允許|禁止",
    ),
}
"""By ISO 639-1 code."""

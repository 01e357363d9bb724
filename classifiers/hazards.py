"""Words that make medical harm soon more likely: the circumstances of high severity by the policy, section 1."""

from __future__ import annotations

import re
from collections.abc import Iterable

from classifiers.folded import folded

WORDS: dict[str, str] = {
    "immunosuppressant": """methotrexate mtx trexall otrexup rasuvo metoject azathioprine imuran azasan mycophenol\\w+ cellcept myfortic mmf
        tacrolimus prograf advagraf adoport ciclosporin cyclosporin\\w* neoral sandimmun\\w* sirolimus rapamune everolimus leflunomide arava
        cyclophosphamide cytoxan endoxan rituximab mabthera rituxan truxima belimumab benlysta anifrolumab saphnelo adalimumab humira amgevita imraldi
        hyrimoz exemptia etanercept enbrel benepali infliximab remicade inflectra remsima golimumab simponi certolizumab cimzia tocilizumab
        actemra roactemra abatacept orencia ustekinumab stelara secukinumab cosentyx vedolizumab entyvio tofacitinib xeljanz baricitinib olumiant
        upadacitinib rinvoq filgotinib jyseleca belatacept sulfasalazine hydroxychloroquine plaquenil hcq biologics? anti-?rejection immuno-?suppress\\w*""",
    "insulin": """insulins? humalog novolog novorapid fiasp lantus basaglar toujeo levemir tresiba humulin novolin apidra lispro aspart glargine
        detemir degludec mixtard insulatard actrapid ryzodeg admelog semglee abasaglar omnipod""",
    "anticoagulant": """warfarin coumadin acenocoumarol acitrom nicoumalone apixaban eliquis rivaroxaban xarelto dabigatran pradaxa edoxaban
        lixiana savaysa heparin enoxaparin clexane lovenox dalteparin fragmin tinzaparin fondaparinux clopidogrel plavix ticagrelor brilinta
        brilique prasugrel efient blood\\s?-?thinn\\w+ anti-?coagul\\w+ doacs? noacs?""",
    "anti_epileptic": """anti-?epileptics? anti-?convulsants? anti-?seizure keppra levetiracetam lamotrigine lamictal valproate valproic depakote
        depakine epilim encorate carbamazepine tegretol tegrital oxcarbazepine trileptal phenytoin dilantin epanutin eptoin phenobarb\\w* topiramate
        topamax lacosamide vimpat zonisamide zonegran brivaracetam briviact clobazam frisium perampanel fycompa ethosuximide primidone
        vigabatrin gabapentin neurontin pregabalin lyrica""",
    "steroid": """steroids? corticosteroids? prednisone prednisolone pred preds medrol methylpred\\w* solu-?medrol dexamethasone dexa decadron
        hydrocortisone cortef budesonide deflazacort wysolone omnacortil defcort fludrocortisone betamethasone triamcinolone kenalog
        depo-?medrol cortisone""",
    "psychiatric_medicine": """anti-?depress\\w+ anti-?psychotics? ssris? snris? maois? sertraline zoloft lustral fluoxetine prozac citalopram
        celexa cipramil escitalopram lexapro cipralex nexito paroxetine paxil seroxat venlafaxine effexor efexor desvenlafaxine pristiq duloxetine
        cymbalta mirtazapine remeron amitriptyline elavil nortriptyline clomipramine bupropion wellbutrin trazodone lithium priadel lithobid
        quetiapine seroquel olanzapine zyprexa risperidone risperdal aripiprazole abilify clozapine clozaril haloperidol haldol lurasidone
        latuda ziprasidone paliperidone invega amisulpride vortioxetine trintellix brintellix mood\\s+stabili[sz]ers?""",
    "opioid_or_benzodiazepine": """opioids? opiates? morphine mst oramorph oxycodone oxycontin oxynorm percocet hydrocodone vicodin norco codeine
        co-?codamol dihydrocodeine tramadol tramal ultram zydol fentanyl duragesic methadone buprenorphine butrans suboxone subutex tapentadol
        palexia nucynta pethidine demerol hydromorphone dilaudid heroin benzos? benzodiazepines? diazepam valium lorazepam ativan alprazolam
        xanax alprax clonazepam klonopin rivotril temazepam restoril nitrazepam chlordiazepoxide zopiclone zimovane zolpidem ambien stilnoct""",
    "overdose": """over-?dos\\w+ o\\.?d'?(?:ed|ing) (?:too|so)\\s+many\\s+(?:pills|tablets|tabs) (?:whole|entire)\\s+(?:bottle|pack(?:et)?|box|strip)\\s+of
        (?:double|triple|quadruple)\\s+(?:the|your|ur|my|his|her)\\s+dose (?:double|triple)\\s+(?:dose|it|up)""",
    "child": """child(?:ren)? kids? kiddos? bab(?:y|ies) toddlers? infants? newborns? bairns? wean (?:little|wee)\\s+ones? teen(?:ager)?s?
        (?:my|your|ur|his|her|our|their|the)\\s+(?:son|daughter|boy|girl|lad|grandson|granddaughter|nephew|niece|lo|ds|dd)
        (?:1[0-7]|[1-9])\\s?-?(?:yo|y/o|(?:years?|yrs?|months?|mths?|weeks?)[\\s-]?old) p(?:a)?ediatric\\w*""",
    "pregnancy": """pregnan\\w+ preggo preggers expecting\\s+a breast-?\\s?feed\\w* nursing\\s+(?:my|a|mum|mom|mother) trimester antenatal prenatal
        (?:trying|tryna)\\s+(?:to\\s+)?conceive ttc foetus fetus unborn midwife (?:\\d{1,2})\\s?(?:weeks|wks)\\s+(?:pregnant|along|gone)
        miscarr\\w+ ivf pre-?eclampsia""",
    "emergency_symptom": """chest\\s+(?:pains?|tightness|pressure) (?:can'?t|cannot|cant|struggling\\s+to|hard\\s+to|trouble|difficulty)\\s+breath\\w*
        short(?:ness)?\\s+of\\s+breath breathless\\w* coughing\\s+(?:up\\s+)?blood vomiting\\s+blood throwing\\s+up\\s+blood black\\s+stools? stroke
        face\\s+droop\\w* slurr\\w+ seizures? convuls\\w+ (?:having|had|has)\\s+(?:a\\s+)?fits? unconscious unresponsive pass(?:ed|ing)\\s+out faint(?:ed|ing) collaps\\w+ sepsis septic
        anaphyla\\w+ throat\\s+(?:closing|swelling) (?:lips|tongue|throat)\\s+(?:swelling|swollen|swelled) stiff\\s+neck dka ketoacidosis ketones
        heart\\s+attack blue\\s+lips suicidal heavy\\s+bleeding worst\\s+headache blood\\s+clots? dvt meningitis adrenal\\s+crisis
        (?:numb|weak|paralys\\w+)\\s+(?:arm|leg|face|side) saddle\\s+numb\\w*""",
}
"""Category → patterns of its words (generic and brand names of Britain, America and India), parted by white space."""

NOT_MEANT = re.compile(
    r"\bheat\s+stroke\b|\bstroke\s+of\b|\bkid(?:ding|ney)\b|\bbaby\s+(?:aspirin|steps|wipes)\b", re.IGNORECASE
)
"""Read over before the words are looked for."""


def _compiled(words: Iterable[str]) -> re.Pattern[str]:
    """One pattern of the words, those with the same first letter together: `re` tries alternatives one by one."""
    by_letter: dict[str, list[str]] = {}
    for word in words:
        first = word[0] if word[0].isalpha() and word[1:2] not in ("?", "*") else ""
        by_letter.setdefault(first, []).append(word[len(first) :])
    groups = "|".join(f"{first}(?:{'|'.join(rest)})" for first, rest in by_letter.items())
    return re.compile(rf"(?<!\w)(?:{groups})(?!\w)")


WORD = re.compile(r"\w+")
PLAIN = {category: frozenset(filter(str.isalpha, words.split())) for category, words in WORDS.items()}
"""The patterns that are nothing but one word: a set finds all of them at once."""
OTHER = {category: [word for word in words.split() if not word.isalpha()] for category, words in WORDS.items()}
COMPILED = {category: _compiled(words) for category, words in OTHER.items()}
"""For folded text: without IGNORECASE `re` passes over an alternative by its first letter."""
ANY = _compiled(word for words in OTHER.values() for word in words)


def hazards(text: str, parent: str = "") -> tuple[str, ...]:
    """The categories that the post or the post it answers names, in the order of `WORDS`."""
    both = folded(NOT_MEANT.sub(" ", f"{text}\n{parent}".replace("’", "'")))
    words, others = set(WORD.findall(both)), COMPILED if ANY.search(both) else {}
    return tuple(
        category
        for category in WORDS
        if not PLAIN[category].isdisjoint(words) or (category in others and others[category].search(both))
    )

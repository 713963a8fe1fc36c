"""A catalogue small enough to spoil: one row of almost everything, as the text of its file."""

from pathlib import Path

import yaml

from clinic.catalogue.files import DATA

SMALL = """\
sources:
  - {code: gk, title: General knowledge, how: not verified}
  - {code: smith2020, title: A trial, year: 2020, how: read via search}
regions:
  - {code: malar, name: Malar cheek, sides: [L, R], field: cheek_medial, area: face}
families:
  - {code: SUBC, name: Subcision, members: [subcision]}
  - {code: WOUND, name: All that wounds, members: [SUBC, laser]}
requirements:
  - {code: needle, name: A needle, kind: consumable}
questions:
  - code: isotretinoin
    group: Medicines
    text: Do you take isotretinoin?
    parts:
      - {code: taking, kind: yes_no, label: Taking it}
      - {code: last_dose, kind: date, label: Last capsule}
    verification: V
    sources: [smith2020]
words:
  - {code: on_isotretinoin, meaning: on isotretinoin, kind: medication,
     when: {fact: isotretinoin.taking, eq: true}, verification: gk, sources: [gk]}
treatments:
  - code: subcision
    name: Subcision
    kind: procedure
    family: lifting-volume
    performers: [doctor]
    requires: [needle]
    order: 1
    stage: 1
    skill: SUBC
    price_unit: session
    indications:
      - {scar_type: rolling, effectiveness: 4, evidence: B, verification: V, sources: [smith2020]}
    figures:
      - {kind: sessions, min: 1, typical: 2, max: 3, verification: V, sources: [smith2020]}
      - {kind: price, typical: '250.00', verification: gk, sources: [gk]}
    statements:
      - {kind: note, text: first, verification: gk, sources: [gk]}
      - {kind: note, text: another, verification: gk, sources: [gk]}
    contraindications:
      - {word: on_isotretinoin, level: caution, verification: gk, sources: [gk]}
    fitzpatrick: {safe: [I], caution: [], avoid: [VI], verification: P, sources: [gk, smith2020]}
  - {code: laser, name: Laser, kind: procedure, family: resurfacing, order: 3, stage: 3,
     price_unit: session}
pairs:
  - {code: c1, a: subcision, b: laser, relation: order_before, first: subcision,
     weeks: {min: 2, typical: 4},
     why: release first, evidence: C, verification: V, sources: [smith2020]}
safety_rules:
  - code: ISO-1
    family: ISO
    title: Isotretinoin
    text: Wait six months.
    verification: V
    sources: [smith2020]
    clauses:
      - when: {fact: isotretinoin.last_dose, within: {months: 6}}
        targets: [WOUND]
        effect: DELAY
        until: {fact: isotretinoin.last_dose, plus: {months: 6}}
      - when: {fact: isotretinoin.taking, eq: true}
        targets: [laser]
        except: [SUBC]
        effect: BLOCK
"""


def write_small(folder: Path, text: str = SMALL, name: str = "small.yaml") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    return folder


def shipped_rows(section: str) -> list[dict]:
    files = (yaml.safe_load(path.read_text()) for path in sorted(DATA.glob("*.yaml")))
    return [row for content in files for row in content.get(section) or ()]

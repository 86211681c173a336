"""Style sheet of a report and of what notebooks show: light and dark, wide and narrow, screen and paper."""

from __future__ import annotations

from typing import Final

CHARTS: Final = """
figure { margin: 1rem 0; max-width: 42rem; }
figure > svg { display: block; width: 100%; height: auto; overflow: visible; }
figcaption { color: var(--faint); font-size: .875rem; margin-top: .4rem; }
svg text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: var(--ink); }
svg .grid { stroke: var(--line); }
svg .axis { stroke: var(--faint); }
svg .name { fill: var(--faint); }
svg .advised { font-weight: 650; }
svg .mark { stroke: var(--ink); stroke-width: 1; }
svg .hollow { fill: var(--paper); stroke-width: 2; }
svg .interval, svg .curve { stroke-width: 2.2; fill: none; }
svg .band { opacity: .16; }
svg .beyond { fill: var(--limit); opacity: .12; }
svg .limit { stroke: var(--limit); stroke-width: 2; }
svg .plain-model { stroke: var(--faint); stroke-width: 1.5; stroke-dasharray: 6 4; }
svg .bar { fill: var(--bar); }
svg .state { fill: var(--accent); }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .15rem 1.25rem; padding: 0;
  margin: .4rem 0 0; font-size: .875rem; }
.legend li { display: flex; align-items: center; gap: .4rem; margin: 0; }
.legend .sign { display: inline-flex; width: 20px; height: 14px; flex: none; }
"""
"""Of the charts; the colours are those of the page around."""
COLOURS: Final = """
--ink: #16202a; --faint: #566472; --paper: #ffffff; --line: #dde3e9; --soft: #f4f6f8; --accent: #0b6bcb;
--bar: #a9c4e0; --limit: #c8401a;
"""
CELL_COLOURS: Final = """
--ink: currentColor; --faint: color-mix(in srgb, currentColor 72%, transparent); --paper: transparent;
--line: rgba(128, 128, 128, .35); --soft: rgba(128, 128, 128, .12); --accent: #2f86dd;
--bar: rgba(96, 145, 195, .55); --limit: #d9532c;
"""
"""In a notebook, whose theme nobody knows: its own colour of text, and tones that suit light and dark."""
CELL_STYLE: Final = f"""
.advisor-cell {{ {CELL_COLOURS} font-size: 14px; line-height: 1.5; max-width: 62rem;
h3 {{ font-size: 1.25em; margin: .4em 0; }}
h4 {{ font-size: 1.05em; margin: 1em 0 .3em; }}
p, li {{ max-width: 50rem; overflow-wrap: anywhere; }}
p {{ margin: .35em 0; }}
ul {{ margin: .3em 0; padding-left: 1.3em; }}
.answer {{ font-weight: 600; padding: .5em .8em; background: var(--soft);
  border-left: 4px solid var(--accent); }}
.wide {{ overflow-x: auto; margin: .4em 0; }}
table {{ border-collapse: collapse; font-size: .95em; font-variant-numeric: tabular-nums; margin: 0; }}
th, td {{ text-align: left; vertical-align: top; padding: .3em .9em .3em 0; border: 0;
  border-bottom: 1px solid var(--line); background: transparent; max-width: 26rem; }}
.short {{ white-space: nowrap; }}
pre {{ background: var(--soft); padding: .5em .8em; overflow-x: auto; }}
summary {{ cursor: pointer; }}
summary h4 {{ display: inline-block; margin: .3em 0; }}
{CHARTS}
}}
"""
DARK: Final = """
--ink: #e7ecf1; --faint: #a7b3bf; --paper: #12171c; --line: #2f3943; --soft: #1b222a; --accent: #6db3f8;
--bar: #3d566e; --limit: #f08560;
"""
STYLE_SHEET: Final = f"""
:root {{ color-scheme: light dark; {COLOURS} }}
@media screen and (prefers-color-scheme: dark) {{ :root {{ {DARK} }} }}
* {{ box-sizing: border-box; }}
body {{ margin: 0; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }}
main {{ max-width: 60rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }}
h1 {{ font-size: 1.9rem; line-height: 1.2; margin: 0 0 1rem; overflow-wrap: anywhere; }}
h2 {{ font-size: 1.25rem; line-height: 1.3; margin: 2.2rem 0 .6rem; }}
p, li {{ max-width: 46rem; overflow-wrap: anywhere; }}
p {{ margin: .5rem 0; }}
ul {{ padding-left: 1.25rem; margin: .5rem 0; }}
li {{ margin: .3rem 0; }}
.answer {{ font-size: 1.125rem; font-weight: 600; padding: .8rem 1rem; background: var(--soft);
  border-left: 4px solid var(--accent); }}
.wide {{ overflow-x: auto; margin: .8rem 0; }}
.wide:focus-visible, summary:focus-visible {{ outline: 2px solid var(--accent); outline-offset: 2px; }}
table {{ border-collapse: collapse; font-size: .875rem; line-height: 1.4;
  font-variant-numeric: tabular-nums; }}
th, td {{ text-align: left; vertical-align: top; padding: .4rem .9rem .4rem 0; min-width: 3.2rem;
  max-width: 26rem; border-bottom: 1px solid var(--line); overflow-wrap: break-word; }}
thead th {{ color: var(--faint); font-weight: 600; vertical-align: bottom;
  border-bottom-color: var(--faint); }}
tbody th {{ font-weight: 600; }}
.short {{ white-space: nowrap; }}
pre {{ background: var(--soft); padding: .8rem 1rem; white-space: pre-wrap; overflow-wrap: anywhere;
  font-size: .875rem; margin: .8rem 0; }}
code {{ font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; }}
summary {{ cursor: pointer; }}
summary h2 {{ display: inline-block; }}
{CHARTS}
@media (max-width: 600px) {{
  main {{ padding: 1.25rem 1rem 3rem; }}
  h1 {{ font-size: 1.5rem; }}
  svg text {{ font-size: 18px; }}
  .legend .sign text {{ font-size: 13px; }}
}}
@page {{ size: A4; margin: 16mm 15mm; }}
@media print {{
  :root {{ font-size: 12px; }}
  body {{ font-size: 10pt; }}
  main {{ max-width: none; padding: 0; }}
  h1 {{ font-size: 18pt; }}
  h2 {{ font-size: 13pt; margin-top: 14pt; break-after: avoid; }}
  p, li {{ max-width: none; }}
  figure {{ max-width: 125mm; }}
  figure, tr, .answer, li {{ break-inside: avoid; }}
  thead {{ display: table-header-group; }}
  .wide {{ overflow: visible; }}
  table {{ font-size: 7.5pt; width: 100%; }}
  th, td {{ padding-right: 5pt; min-width: 0; }}
  pre {{ border: 1px solid var(--line); font-size: 8.5pt; }}
  .answer, pre {{ print-color-adjust: exact; -webkit-print-color-adjust: exact; }}
  svg {{ print-color-adjust: exact; -webkit-print-color-adjust: exact; }}
}}
"""

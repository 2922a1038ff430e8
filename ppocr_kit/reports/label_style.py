"""How the page about labels looks, on screens light and dark, narrow and wide, and on paper."""

from __future__ import annotations

STYLE = """\
:root { --ink: #1f2a37; --muted: #64748b; --line: #e2e8f0; --paper: #ffffff; --back: #f4f6f9;
  --bar: #2f6cab; --error: #b42318; --warning: #b45309; --note: #3b6ea5; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink);
  font: 15px/1.55 system-ui, "Segoe UI", Roboto, "Noto Sans", "Noto Sans CJK SC", "Microsoft YaHei",
  "PingFang SC", "WenQuanYi Micro Hei", sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 28px 20px 40px; }
h1 { font-size: 26px; font-weight: 650; margin: 0 0 18px; overflow-wrap: anywhere; }
h1 bdi { color: var(--bar); }
h2 { font-size: 18px; font-weight: 650; margin: 0 0 12px; }
h3 { font-size: 15px; margin: 20px 0 4px; }
section { margin: 0 0 30px; }
p { margin: 0 0 10px; }
code { font: 13px/1.5 ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
.hint, footer { color: var(--muted); font-size: 13px; margin-top: 10px; }
.good { color: #15803d; }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(128px, 1fr)); gap: 12px; }
.tile { background: var(--paper); border: 1px solid var(--line); border-top: 3px solid var(--bar);
  border-radius: 8px; padding: 10px 14px 12px; }
.tile b { display: block; white-space: nowrap; font-size: 25px;
  line-height: 1.25; font-variant-numeric: tabular-nums; }
.tile span { display: block; font-weight: 600; line-height: 1.3; }
.tile small { color: var(--muted); }
.tile.error { border-top-color: var(--error); } .tile.error b { color: var(--error); }
.tile.warning { border-top-color: var(--warning); } .tile.warning b { color: var(--warning); }
.tile.note { border-top-color: var(--note); }
.findings { background: var(--paper); border: 1px solid var(--line); border-radius: 8px; overflow: hidden; }
.findings details + details { border-top: 1px solid var(--line); }
.findings summary { display: flex; gap: 12px; padding: 9px 14px; cursor: pointer; align-items: baseline;
  list-style: none; }
.findings summary > * { flex: none; }
.findings summary > .meaning { flex: 1 1 220px; }
.findings summary::-webkit-details-marker { display: none; }
.findings .code { width: 58px; font: 600 13px/1.5 ui-monospace, Menlo, Consolas, monospace;
  color: #fff; text-align: center; background: var(--note); border-radius: 5px; text-decoration: none; }
.findings .error .code { background: var(--error); }
.findings .warning .code { background: var(--warning); }
.findings .count { width: 58px; text-align: right; font-weight: 650; font-variant-numeric: tabular-nums; }
.findings summary::after { content: "▸"; color: var(--muted); }
.findings details[open] summary::after { content: "▾"; }
.findings em { color: var(--muted); font-size: 13px; font-style: normal; white-space: nowrap; }
.findings details > p, .findings ul { margin: 0 14px 10px 152px; }
.findings ul { padding-left: 18px; color: var(--muted); overflow-wrap: anywhere; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(460px, 100%), 1fr)); gap: 16px; }
figure { margin: 0; background: #ffffff; border: 1px solid var(--line); border-radius: 8px; padding: 14px;
  display: flex; flex-direction: column; }
figure img { width: 100%; height: auto; margin-bottom: auto; }
figcaption { color: #64748b; font-size: 13.5px; margin-top: 8px; }
.columns { display: flex; align-items: flex-end; gap: 3px; height: 190px; margin: 0; padding: 14px;
  list-style: none; background: var(--paper); border: 1px solid var(--line); border-radius: 8px;
  overflow-x: auto; }
.columns li { flex: 1 0 12px; height: 100%; display: flex; flex-direction: column; justify-content: flex-end;
  text-align: center; font-size: 14px; line-height: 20px; }
.columns i { display: block; background: var(--bar); border-radius: 2px 2px 0 0; min-height: 1px; }
.columns li { position: relative; padding-bottom: 22px; }
.columns bdi { position: absolute; bottom: 0; left: 50%; transform: translateX(-50%); }
.columns .point, .chips .point { font-size: 9px; }
.chips { display: flex; flex-wrap: wrap; gap: 5px; margin: 0; padding: 0; list-style: none; }
.chips li { background: var(--paper); border: 1px solid var(--line); border-radius: 6px; padding: 1px 7px;
  font-size: 16px; }
.chips sub { color: var(--muted); font-size: 10px; margin-left: 3px; }
.meter { background: var(--line); border-radius: 6px; height: 12px; overflow: hidden; margin-bottom: 12px; }
.meter i { display: block; height: 100%; background: var(--bar); }
table { border-collapse: collapse; background: var(--paper); border: 1px solid var(--line); width: 100%; }
th { color: var(--muted); font-weight: 600; font-size: 13px; }
th, td { text-align: left; padding: 6px 12px; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
.crops { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(360px, 100%), 1fr)); gap: 16px; }
.crop { background: var(--paper); }
.crop img { width: auto; max-width: 100%; min-height: 40px; max-height: 200px;
  object-fit: contain; margin: 0 auto 10px; background: #fff; }
.crop dl { display: grid; grid-template-columns: 70px 1fr; gap: 2px 8px; margin: auto 0 0; }
.crop dt { color: var(--muted); font-size: 13px; line-height: 1.9; }
.crop dd { margin: 0; overflow-wrap: anywhere; white-space: pre-wrap; }
mark { background: var(--error); color: #fff; border-radius: 3px; padding: 0 1px; }
del { color: var(--error); }
@media (max-width: 720px) {
  .findings summary { flex-wrap: wrap; gap: 2px 10px; }
  .findings details > p, .findings ul { margin-left: 14px; }
}
@media (prefers-color-scheme: dark) {
  :root { --ink: #e5e9f0; --muted: #94a3b8; --line: #2d3a4b; --paper: #18222f; --back: #0f1720;
    --bar: #5b9bd8; --error: #e5584b; --warning: #d98324; --note: #5b8fc7; }
}
@media print { body { background: #fff; } figure, .tile { break-inside: avoid; } }
"""

"""The report's style sheet: light and dark, no outside fonts, colours told apart without hue."""

STYLE = """
:root{color-scheme:light dark;--bg:#fbfbfa;--fg:#1d2327;--dim:#5f6b73;--line:#dde1e3;--card:#fff;
--b:#2f6f8f;--f:#2f6f8f33;--n:#fff;--warn:#8a5a00;--warnbg:#fff3d6;
--s0:#2f6f8f;--s1:#d08a2e;--s2:#6a9c5b;--s3:#a85b7a;--s4:#7f8a91;--s5:#c5b358}
@media (prefers-color-scheme:dark){:root{--bg:#14181b;--fg:#e4e8ea;--dim:#9aa6ad;--line:#2c3439;
--card:#1b2125;--b:#4f9dc2;--f:#4f9dc233;--n:#0e1214;--warn:#ffd27a;--warnbg:#3a2d10;
--s0:#4f9dc2;--s1:#e0a350;--s2:#86b877;--s3:#c67c9a;--s4:#9aa6ad;--s5:#d8c872}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--fg);font:16px/1.5 system-ui,sans-serif}
main{max-width:76rem;margin:0 auto;padding:2rem 1.25rem 4rem}
h1{font-size:1.8rem;margin:0;overflow-wrap:anywhere}h2{font-size:1.2rem;margin:1.75rem 0 0}
h3{font-size:.85rem;color:var(--dim);margin:1.25rem 0 .25rem;font-weight:600}
section>figure:only-of-type{grid-column:1/-1}
header p{margin:.25rem 0;color:var(--dim)}
header .warn{display:inline-block;color:var(--warn);background:var(--warnbg);padding:.2rem .6rem;
border-radius:.4rem;font-weight:600}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.75rem;
margin:1.25rem 0 0}
.tiles div,figure,.talk,.wide{background:var(--card);border:1px solid var(--line);
border-radius:.6rem}
.tiles div{padding:.75rem 1rem}dt{color:var(--dim);font-size:.85rem}
dd{margin:0;font-size:1.5rem;font-weight:600;font-variant-numeric:tabular-nums}
section{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(28rem,100%),1fr));gap:1rem;
align-items:start}
section>h2,section>p,section>.talk,section>.wide{grid-column:1/-1;margin-bottom:0}
section>p{margin:0}
figure{margin:0;padding:1rem}figcaption{font-weight:600;margin-bottom:.75rem}
figure i{display:block;background:var(--b)}
.s0{--b:var(--s0)}.s1{--b:var(--s1)}.s2{--b:var(--s2)}
.s3{--b:var(--s3)}.s4{--b:var(--s4)}.s5{--b:var(--s5)}
.row{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(17rem,100%),1fr));gap:1rem;
align-items:start}section>.row{grid-column:1/-1}figure .row{gap:0 2rem}
.bars{width:100%;table-layout:fixed;font-size:.875rem}
.bars th,.bars td{padding:.2rem .75rem .2rem 0}
.bars th{width:36%;overflow-wrap:anywhere}.bars td{width:7rem;color:var(--dim);white-space:nowrap}
.bars .bar{width:auto;padding-right:0}.bar i{height:1.1rem;min-width:1px;border-radius:3px}
.funnel th{width:7.5rem}.funnel td{width:3.75rem}.funnel th,.funnel td{padding-block:0}
.funnel .bar i{height:1.6rem;margin:0 auto}
.funnel .lost td{position:relative;height:1.9rem;padding:0 .5rem;white-space:normal}
.lost i{position:absolute;inset:0;background:var(--f)}
.lost span{position:relative;display:block;text-align:center;font-size:.8rem}
.columns{display:flex;gap:3px;font-size:.8rem;text-align:center}
.columns>div{flex:1;min-width:0;white-space:nowrap}
.slot{display:flex;flex-direction:column;justify-content:flex-end;box-sizing:content-box;
height:7.5rem;padding-top:1.3rem;border-bottom:1px solid var(--line)}
.slot small{color:var(--dim)}.slot i{flex-shrink:0;border-radius:3px 3px 0 0}
.axis{margin:.1rem 0 0;color:var(--dim);font-size:.8rem;text-align:center}
.shares{display:flex;height:1.6rem;border-radius:3px;overflow:hidden}
.legend{margin-top:.6rem;font-size:.875rem}.legend th,.legend td{padding:.1rem .75rem .1rem 0}
.legend th i{display:inline-block;width:.75rem;height:.75rem;margin-right:.5rem;border-radius:2px}
details{margin-top:.5rem;font-size:.85rem}summary{color:var(--dim);cursor:pointer}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.3rem .8rem;text-align:right}th[scope=row]{text-align:left;font-weight:400}
div.wide{overflow-x:auto}.wide table{width:100%}thead th{color:var(--dim);font-weight:600}
th[scope=rowgroup]{text-align:left;padding-top:1rem}.wide .words{text-align:left;min-width:16rem}
.wide td,.wide th{vertical-align:top}td.warning{color:var(--warn);font-weight:600}
.talk{padding:.5rem 1.25rem 1.25rem}.talk>div{margin:.4rem 0;padding:.4rem .8rem;
border-left:3px solid var(--line)}
.talk b{font-size:.75rem;color:var(--dim);text-transform:uppercase;letter-spacing:.05em}
.talk p{margin:.15rem 0;white-space:pre-wrap;overflow-wrap:anywhere}
.talk .user{border-color:var(--s2)}.talk .assistant{border-color:var(--s0)}
.talk .tool{margin-left:1.5rem;border-color:var(--line)}
.talk .system p{color:var(--dim)}.think{font-style:italic;color:var(--dim)}
code,pre{font:.85rem/1.45 ui-monospace,monospace;overflow-wrap:anywhere}
pre{margin:.15rem 0;white-space:pre-wrap;max-height:24rem;overflow:auto}
"""

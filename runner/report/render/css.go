package render

// css is the style of the page. Colours repeat what words and signs say, in
// pairs that keep a contrast of 4.5 to 1 in light and dark.
const css = `:root{color-scheme:light dark;--fg:#1f2328;--bg:#fff;--soft:#59636e;--line:#d1d9e0;--box:#f6f8fa;--good:#116329;--bad:#b3202a;--unsure:#7d4e00;--base:#59636e;--head:#0757ba;--second:#8a3b00;--third:#6b2fa0;--fourth:#0b6b5e}
@media (prefers-color-scheme:dark){:root{--fg:#e6edf3;--bg:#0d1117;--soft:#9198a1;--line:#3d444d;--box:#161b22;--good:#56d364;--bad:#ff938a;--unsure:#e3b341;--base:#9198a1;--head:#6cb6ff;--second:#ffab70;--third:#d2a8ff;--fourth:#5fd7c4}}
*{box-sizing:border-box}
body{font:15px/1.5 system-ui,"Segoe UI",Helvetica,Arial,sans-serif;color:var(--fg);background:var(--bg);max-width:92rem;margin:0 auto;padding:1.5rem;overflow-wrap:anywhere}
h1{font-size:1.45rem;line-height:1.3;margin:.2rem 0}
h2{font-size:1.1rem;margin:2rem 0 .3rem}
header{border-left:.4rem solid var(--line);padding:.2rem 0 .2rem 1rem}
header.good{border-color:var(--good)}
header.bad,.section.bad{border-color:var(--bad)}
header.unsure{border-color:var(--unsure)}
.section.bad{border-left:.4rem solid var(--bad);padding-left:1rem}
.summary,footer,figcaption{color:var(--soft)}
p,ul,.summary{max-width:76rem}
footer{border-top:1px solid var(--line);margin-top:2rem;font-size:.9rem}
code,pre{font:.88em/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
code{background:var(--box);border-radius:4px;padding:.1em .3em}
pre{background:var(--box);border:1px solid var(--line);border-radius:6px;padding:.7rem;overflow:auto;max-height:40rem}
pre code{padding:0;background:none}
ins,del{text-decoration:none}
ins{color:var(--good)}
del{color:var(--bad)}
a{color:var(--head)}
.wide{overflow-x:auto}
table{border-collapse:collapse;margin:.6rem 0;overflow-wrap:normal}
th,td{border:1px solid var(--line);padding:.3rem .6rem;text-align:left;vertical-align:top}
thead th{background:var(--box)}
tbody th{font-weight:normal}
td,tbody th{overflow-wrap:anywhere}
tbody th{min-width:10rem;max-width:30rem}
td:not(.number):not(.center){min-width:7rem}
td:last-child:not(.number){min-width:12rem}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.center{text-align:center}
.alert{border:1px solid var(--line);border-left:.4rem solid var(--unsure);border-radius:6px;padding:.1rem 1rem;margin:1rem 0}
.alert.note{border-left-color:var(--head)}
figure{margin:1.2rem 0;max-width:46rem}
svg{display:block;max-width:100%;height:auto}
svg text{font:12px system-ui,sans-serif;fill:var(--soft)}
.axis{stroke:var(--line);fill:none}
.base{stroke:var(--base);fill:none}
.head{stroke:var(--head);fill:none}
.second{stroke:var(--second);fill:none}
.third{stroke:var(--third);fill:none}
.fourth{stroke:var(--fourth);fill:none}
.guide{stroke:var(--soft);fill:none}
path{stroke-linecap:round}
text.base,.base.bar{fill:var(--base);stroke:none}
text.head,.head.bar,.head.cell{fill:var(--head);stroke:none}
text.second,.second.bar{fill:var(--second);stroke:none}
text.third,.third.bar{fill:var(--third);stroke:none}
text.fourth,.fourth.bar{fill:var(--fourth);stroke:none}
text.guide,.guide.bar{fill:var(--soft);stroke:none}
.cold.cell{fill:var(--bad);stroke:none}
svg text.value{fill:var(--fg)}
.past{fill:var(--base)}
.now{fill:var(--head)}
.plot .good{stroke:var(--good);fill:var(--good)}
.plot .bad{stroke:var(--bad);fill:var(--bad)}
.plot .unsure{stroke:var(--unsure);fill:var(--unsure)}
.plot .neutral{stroke:var(--soft);fill:var(--soft)}
.plot{min-width:120px}
span.good{color:var(--good)}
span.bad{color:var(--bad)}
span.unsure{color:var(--unsure)}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
@media print{pre{max-height:none;white-space:pre-wrap}}
`

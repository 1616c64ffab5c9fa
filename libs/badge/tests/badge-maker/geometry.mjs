// Writes geometry.tsv: where badge-maker puts things. Run in this folder after `npm install --no-save badge-maker@6.0.0`:
//   node geometry.mjs >geometry.tsv
// A line: style, "logo" or nothing, label, message, width, height; then for each text that is no shadow its middle and
// its textLength, in tenths of a pixel.
import { makeBadge } from 'badge-maker'

const texts = [
  ['lines of code', '296462'], ['coverage', '87.5%'], ['build', 'passing'], ['', '9510'], ['type coverage', '100%'],
  ['release', 'v1.10.0'], ['license', 'MIT OR Apache-2.0'], ['i', 'l'], ['Wide MMMM', 'WWWW'],
  ['naïve café', 'über 9 000 ✓'], ['покрытие', '95 %'], ['κάλυψη', 'α→Ω'], ['python', '3.9 | 3.10 | 3.11'],
  ['code style', 'ruff'], ['a<b>&"c\'', 'x'], ['downloads', '1.2k/month'], ['status', 'failing'], ['0', '0'],
]
const logoBase64 = 'data:image/gif;base64,R0lGODlhOw=='

for (const style of ['flat', 'flat-square', 'plastic', 'for-the-badge', 'social']) {
  for (const logo of [{}, { logoBase64 }]) {
    for (const [label, message] of texts) {
      const svg = makeBadge({ label, message, style, color: '#007ec6', ...logo })
      const [, width, height] = svg.match(/width="([\d.]+)" height="([\d.]+)"/)
      const drawn = svg.replace(/<g aria-hidden="true" fill="#(010101|ccc)".*?<\/g>/g, '').replace(/<text aria-hidden.*?<\/text>/g, '')
      const found = [...drawn.matchAll(/<text [^>]*>/g)].map(([text]) =>
        ['x', 'textLength'].map(name => text.match(` ${name}="([\\d.]+)"`)[1]).join(' '))
      console.log([style, logo.logoBase64 ? 'logo' : '', label, message, width, height, ...found].join('\t'))
    }
  }
}

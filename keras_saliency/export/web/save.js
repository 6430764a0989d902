// What can be taken away: the picture as PNG, the areas as CSV, both as one HTML page.

const COLUMNS = ['picture', 'area', 'left', 'top', 'right', 'bottom', 'share', 'size', 'ratio', 'rank',
                 'overlap'];

/** Hand a file to the user. */
export function download(name, contents, type) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(contents instanceof Blob ? contents : new Blob([contents], {type}));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

/** The rows of a table as CSV; scripts/areas.py reads it back. */
export function csv(rows) {
  const cell = value => {
    const text = typeof value === 'number' ? String(value) : safe(String(value ?? ''));
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [COLUMNS, ...rows.map(row => COLUMNS.map(name => row[name]))]
    .map(row => row.map(cell).join(',') + '\r\n').join('');
}

/** A text so that a spreadsheet does not take it for a formula. */
function safe(text) {
  return /^'*[=+\-@\t\r\n]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
}

/** A page of pictures (data addresses) and a table, which needs nothing else. */
export function report({model, pictures, heads, rows}) {
  const figures = pictures.map(({name, source}) =>
    `<figure><img src="${source}" alt=""><figcaption>${escaped(name)}</figcaption></figure>`).join('\n');
  const line = (cells, tag) => `<tr>${cells.map(cell => `<${tag}>${escaped(cell)}</${tag}>`).join('')}</tr>`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Where people look</title>
<style>:root { color-scheme: light dark; } body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto;
max-width: 60rem; padding: 1rem; } img { max-width: 100%; } figure { margin: 1rem 0; }
table { border-collapse: collapse; } th, td { padding: .25rem .7rem; border-bottom: 1px solid #8888;
text-align: right; } th:first-child, td:first-child { text-align: left; }</style></head><body>
<h1>Where people look</h1>
<p>${escaped(model)}</p>
${figures}
${rows.length ? `<table><thead>${line(heads, 'th')}</thead><tbody>${rows.map(row => line(row, 'td')).join('\n')}
</tbody></table>
<p>Share: part of the predicted attention; size: part of the pixels; ratio: share over size.</p>` : ''}
</body></html>
`;
}

function escaped(text) {
  return String(text).replace(/[&<>"]/g, letter =>
    ({'&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;'}[letter]));
}

// Numbers sort as numbers and what is missing goes last; the rows beyond the first are drawn on
// demand, since a page may have ten thousand.
for (const box of document.querySelectorAll('.data')) {
  const data = JSON.parse(box.querySelector('script').textContent);
  const body = box.querySelector('tbody'), heads = [...box.querySelectorAll('th')];
  const filters = [...box.querySelectorAll('select')], search = box.querySelector('input');
  const count = box.querySelector('.count'), more = box.querySelector('button');
  let order = data.sort, down = data.descending, limit = 100;
  const compare = (a, b) => {
    const x = a[order], y = b[order];
    if (x === null || y === null) return (x === null) - (y === null);
    return (x < y ? -1 : x > y ? 1 : 0) * (down ? -1 : 1);
  };
  const draw = () => {
    const text = search.value.trim().toLowerCase();
    const rows = data.rows.filter(r =>
      filters.every(f => !f.value || r[f.dataset.column] === f.value)
      && (!text || r.some(v => String(v).toLowerCase().includes(text)))).sort(compare);
    body.replaceChildren(...rows.slice(0, limit).map(r => {
      const line = document.createElement('tr');
      r.forEach((v, i) => {
        const cell = line.insertCell();
        if (data.text[i]) cell.className = 'text';
        cell.textContent = v === null ? '\u2013' : data.real[i] ? v.toFixed(3) : v;
      });
      return line;
    }));
    count.textContent = `${Math.min(limit, rows.length)} of ${rows.length}`;
    more.hidden = rows.length <= limit;
    heads.forEach((h, i) => i === order
      ? h.setAttribute('aria-sort', down ? 'descending' : 'ascending')
      : h.removeAttribute('aria-sort'));
  };
  heads.forEach((h, i) => {
    const sort = () => { down = order === i ? !down : !data.text[i]; order = i; draw(); };
    h.onclick = sort;
    h.onkeydown = e => { if (e.key === 'Enter' || e.key === ' ') { e.preventDefault(); sort(); } };
  });
  for (const control of [...filters, search]) control.oninput = () => { limit = 100; draw(); };
  more.onclick = () => { limit = Infinity; draw(); };
  draw();
}

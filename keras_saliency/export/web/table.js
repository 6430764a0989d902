// The table of areas: names to type in, shares to read.
import {attentionShares} from './areas.js';

const percent = value => `${(100 * value).toFixed(1)} %`;

/**
 * The shares of areas on each picture that has a map.
 * @param slots [{map, size}], null or without a map where there is none.
 * @param areas [{name, boxes}], boxes in the order of the slots.
 * @returns the result of `attentionShares` for each slot, null without a map.
 */
export function sharesOf(slots, areas) {
  return slots.map((slot, k) => slot?.map
    ? attentionShares(slot.map, slot.size, areas.map(area => area.boxes[k])) : null);
}

/** {heads, rows} of the table as texts, for the first picture and the change to the second. */
export function texts(shares, areas) {
  const [first, second] = shares;
  const heads = ['area', 'share', 'size', 'ratio', 'rank', ...(second ? ['share of B', 'change'] : [])];
  const difference = (a, b) => `${b >= a ? '+' : ''}${(100 * (b - a)).toFixed(1)}`;
  const row = (name, a, b) => [name, percent(a.share), percent(a.size), a.ratio.toFixed(2), a.rank,
    ...(second ? [percent(b.share), difference(a.share, b.share)] : [])];
  const rows = areas.map((area, k) => row(area.name, first.areas[k], second?.areas[k]));
  const rest = of => of && {share: of.rest, size: of.restSize, rank: '',
                            ratio: of.restSize ? of.rest / of.restSize : 0};
  rows.push(row('rest', rest(first), rest(second)));
  if (first.repeated || second?.repeated) {
    rows.push(['counted more than once', percent(-first.repeated), '', '', '',
      ...(second ? [percent(-second.repeated), ''] : [])]);
  }
  return {heads, rows};
}

/** Rows of the CSV file: a row for each picture and area. */
export function records(slots, shares, areas) {
  return slots.flatMap((slot, k) => shares[k] === null ? [] : [
    ...areas.map((area, index) => ({picture: slot.name, area: area.name, ...area.boxes[k],
                                    ...shares[k].areas[index]})),
    {picture: slot.name, area: '(rest)', share: shares[k].rest, size: shares[k].restSize},
    ...(shares[k].repeated ? [{picture: slot.name, area: '(repeated)',
                               share: -shares[k].repeated}] : [])]);
}

/**
 * Draw the table.
 * @param change {select(index), rename(index, name), remove(index)}
 */
export function drawTable(table, shares, areas, selected, change) {
  const {heads, rows} = texts(shares, areas);
  const focused = document.activeElement?.closest('tr')?.rowIndex;
  const head = table.createTHead(), body = document.createElement('tbody');
  head.replaceChildren(element('tr', {}, ['', ...heads, ''].map(text => element('th', {}, [text]))));
  rows.forEach(([name, ...cells], index) => {
    const area = areas[index];
    const line = element('tr', {className: area && index === selected ? 'selected' : ''}, [
      element('td', {}, [area ? String(index + 1) : '']),
      element('td', {}, [area ? nameField(name, index, change) : name]),
      ...cells.map(text => element('td', {}, [String(text)])),
      element('td', {}, area ? [element('button', {
        type: 'button', textContent: '×', title: `remove ${name}`, ariaLabel: `remove ${name}`,
        onclick: () => change.remove(index)})] : [])]);
    if (area) {
      line.onclick = ({target}) => {  // a field or a button would be gone before it is used
        if (!target.closest('input, button')) change.select(index);
      };
    }
    body.append(line);
  });
  table.tBodies[0]?.remove();
  table.append(body);
  if (focused) table.rows[focused]?.querySelector('input')?.focus();
}

function nameField(name, index, change) {
  return element('input', {value: name, ariaLabel: `name of area ${index + 1}`, maxLength: 60,
    onchange: event => change.rename(index, event.target.value.trim() || name)});
}

function element(tag, properties, children = []) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

// Tables and lists made from rows of data. Text goes in as text: keys and names of clients are
// whatever somebody chose.

/** An element with a class and text or children. */
export function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className !== '') made.className = className;
  made.append(...children);
  return made;
}

/**
 * Puts a table into a place, instead of the one before.
 * @param columns title, `text` of a row, `number` aligned right, `wide` only where there is room
 */
export function table(place, columns, rows, whenEmpty) {
  if (rows.length === 0) {
    place.replaceChildren(element('p', 'muted empty', whenEmpty));
    return;
  }
  const styleOf = ({ number, wide }) => `${number ? 'number' : ''} ${wide ? 'wide' : ''}`.trim();
  const head = columns.map((column) => {
    const cell = element('th', styleOf(column), column.title);
    cell.scope = 'col';
    return cell;
  });
  const body = rows.map((row) =>
    element(
      'tr',
      '',
      ...columns.map((column) => element('td', styleOf(column), String(column.text(row)))),
    ),
  );
  const made = element(
    'table',
    '',
    element('thead', '', element('tr', '', ...head)),
    element('tbody', '', ...body),
  );
  focusable(place);
  // Whoever has scrolled it, or reads it, stays where he is.
  const { scrollLeft, scrollTop } = place;
  place.replaceChildren(made);
  place.scrollTo(scrollLeft, scrollTop);
}

/** What may have to be scrolled sideways can be reached with the keyboard, and has its title. */
function focusable(place) {
  const title = place.closest('section').querySelector('h2').textContent;
  place.tabIndex = 0;
  place.setAttribute('role', 'region');
  place.setAttribute('aria-label', `${title}: table`);
}

/** Puts names with their values into a place. */
export function facts(place, pairs) {
  const rows = pairs.map(([name, value]) =>
    element('div', '', element('dt', '', name), element('dd', '', value)),
  );
  place.replaceChildren(element('dl', 'facts', ...rows));
}

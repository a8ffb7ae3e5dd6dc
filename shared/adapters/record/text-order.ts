/**
 * Orders text as every engine does, by UTF-8 bytes. JavaScript's own `<` compares UTF-16 units and
 * disagrees about characters above U+FFFF.
 */
export function compareText(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let index = 0; index < shorter; index++) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left !== right) return rankOf(left) - rankOf(right);
  }
  return a.length - b.length;
}

/** A surrogate is part of a character above U+FFFF, so it ranks above every unit that stands alone. */
function rankOf(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

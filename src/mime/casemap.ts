/** The collation i;unicode-casemap (RFC 5051): texts are ordered, and equal, as the bytes of these are in UTF-8. Pure. */

export const casemap = (text: string): string =>
  /^[\x00-\x7f]*$/.test(text) ? text.toUpperCase() : Array.from(text, titleCase).join('').normalize('NFKD')

/** One character for one: where upper case has several ("ß"), there is no simple mapping, and it stays as it is. */
function titleCase(character: string): string {
  const upper = character.toUpperCase()
  return upper.length === character.length ? upper : character
}

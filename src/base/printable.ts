/** No control characters, nor those that turn the direction of writing: what comes from outside must not write to the terminal. */
export const printable = (text: string): string =>
  text.toWellFormed().replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, ' ')

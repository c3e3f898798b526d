/** Forward paths as the house keeps them. */

/** Each address once, compared in any case, as first written. */
export function distinct(addresses: readonly string[]): string[] {
  const known = new Map<string, string>()
  for (const address of addresses) if (!known.has(address.toLowerCase())) known.set(address.toLowerCase(), address)
  return [...known.values()]
}

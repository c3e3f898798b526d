/**
 * Identifiers that clients keep for folders and messages (RFC 8474, RFC 8620 1.2): a letter before the id of ours, so that none begins with a
 * digit and no folder has that of a message. Copies of a message share its content, and so its identifier; a renamed folder keeps its own.
 */

const objectId = (letter: string, id: string): string => letter + id.replaceAll('-', '')

export const folderObjectId = (folder: string): string => objectId('F', folder)

export const messageObjectId = (content: string): string => objectId('M', content)

/** The content whose messages have that identifier; undefined if it is none of ours. */
export function contentOfObjectId(id: string): string | undefined {
  const [, ...groups] = /^M([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/.exec(id) ?? []
  return groups.length === 0 ? undefined : groups.join('-')
}

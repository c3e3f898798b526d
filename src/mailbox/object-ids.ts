/**
 * Identifiers that clients keep for folders and messages (RFC 8474, RFC 8620 1.2): a letter before the id of ours, so that none begins with a
 * digit and no folder has that of a message. Copies of a message share its content, and so its identifier; a renamed folder keeps its own.
 */

const objectId = (letter: string, id: string): string => letter + id.replaceAll('-', '')

export const folderObjectId = (folder: string): string => objectId('F', folder)

export const messageObjectId = (content: string): string => objectId('M', content)

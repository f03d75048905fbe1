/** What an id of a message is made of. Ids become file names: nothing that could lead elsewhere. */
const shape = /^[0-9A-Za-z_]{2,64}$/
export const isId = (id: string): boolean => shape.test(id)

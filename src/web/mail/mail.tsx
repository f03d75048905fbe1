export const Mail = () => <h1>Mail</h1>

export const Log = () => <h1>Log</h1>

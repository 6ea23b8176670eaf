export async function Greet(name: string): Promise<string> {
  return `Hello, ${name}`;
}

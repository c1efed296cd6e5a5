// Where the rest of the platform is; the same page is served beside the API and from a bucket of its own.

/**
 * @returns {Promise<{api_base_url: string, updates_url: string, sign_in: object|null, simulator_url: string|null,
 *   environment: string}>}
 * @throws {Error} when the file is not there or is no JSON.
 */
export async function readConfig() {
  const response = await fetch("config.json", { cache: "no-cache" });
  if (!response.ok) {
    throw new Error(`config.json: ${response.status} ${response.statusText}`);
  }
  return response.json();
}

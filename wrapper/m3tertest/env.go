package m3tertest

// Env returns the environment variables that a client, perhaps in another process, needs to reach the server, in the
// form of [os.Environ]: M3TER_BASE_URL, M3TER_API_KEY, M3TER_API_SECRET and M3TER_ORG_ID. To pass them to a process,
// set the Env field of its [os/exec.Cmd] to append(os.Environ(), s.Env()...).
func (s *Server) Env() []string {
	return []string{
		"M3TER_BASE_URL=" + s.URL,
		"M3TER_API_KEY=" + s.APIKey,
		"M3TER_API_SECRET=" + s.APISecret,
		"M3TER_ORG_ID=" + s.OrganizationID,
	}
}

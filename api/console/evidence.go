package console

import (
	"net/http"
	"net/url"

	"securitybot/api"
)

// showCheckpoints shows what was signed of the timelines, the newest first.
func showCheckpoints(x *exchange) error {
	var page api.CheckpointList
	if err := x.get(with("/v1/checkpoints", url.Values{"limit": {"50"}}), &page); err != nil {
		return err
	}
	return x.render(http.StatusOK, "evidence", page)
}

package mlflow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
)

// An endpoint answers one kind of request.
type endpoint func(s *Server, ctx context.Context, body []byte) (any, error)

// on makes an endpoint of a method that takes a request of its own type.
func on[Q any](answer func(*Server, context.Context, *Q) (any, error)) endpoint {
	return func(s *Server, ctx context.Context, body []byte) (any, error) {
		var q Q
		if err := json.Unmarshal(body, &q); err != nil {
			return nil, failure(codeBad, "the request is not what this endpoint takes: %v", err)
		}
		return answer(s, ctx, &q)
	}
}

// never makes an endpoint that refuses what MLflow's does, and says why.
func never(why string) endpoint {
	return func(*Server, context.Context, []byte) (any, error) { return nil, failure(codeState, "%s", why) }
}

// endpoints lists them all, by method and path below /api/2.0/mlflow/.
func endpoints() map[string]endpoint {
	return map[string]endpoint{
		"POST experiments/create":                on((*Server).createExperiment),
		"GET experiments/get":                    on((*Server).getExperiment),
		"GET experiments/get-by-name":            on((*Server).getExperimentByName),
		"GET experiments/search":                 on((*Server).searchExperiments),
		"POST experiments/search":                on((*Server).searchExperiments),
		"POST experiments/update":                on((*Server).updateExperiment),
		"POST experiments/delete":                on((*Server).deleteExperiment),
		"POST experiments/restore":               on((*Server).restoreExperiment),
		"POST experiments/set-experiment-tag":    on((*Server).tagExperiment),
		"POST experiments/delete-experiment-tag": on((*Server).untagExperiment),

		"POST runs/create":        on((*Server).createRun),
		"GET runs/get":            on((*Server).getRun),
		"POST runs/update":        on((*Server).updateRun),
		"POST runs/search":        on((*Server).searchRuns),
		"POST runs/log-batch":     on((*Server).logBatch),
		"POST runs/log-metric":    on((*Server).logMetric),
		"POST runs/log-parameter": on((*Server).logParam),
		"POST runs/set-tag":       on((*Server).setTag),
		"POST runs/delete-tag":    on((*Server).deleteTag),
		"POST runs/log-inputs":    on((*Server).logInputs),
		"POST runs/log-model":     on((*Server).logModel),
		"POST runs/delete":        on((*Server).deleteRun),
		"POST runs/restore":       on((*Server).restoreRun),
		"GET metrics/get-history": on((*Server).metricHistory),
		"GET artifacts/list":      on((*Server).listArtifacts),

		"POST registered-models/create":              on((*Server).createModel),
		"GET registered-models/get":                  onModel((*Server).getModel),
		"GET registered-models/search":               on((*Server).searchModels),
		"PATCH registered-models/update":             onModel((*Server).updateModel),
		"DELETE registered-models/delete":            never("Models are not deleted: the registry's journal tells what was in use. Retire versions by \"mlops model retire\"."),
		"POST registered-models/rename":              never("Models keep their name: the registry's journal and signatures have it. Register the version under the other name."),
		"GET registered-models/get-latest-versions":  onModel((*Server).latestVersions),
		"POST registered-models/get-latest-versions": onModel((*Server).latestVersions),
		"POST registered-models/set-tag":             onModel((*Server).tagModel),
		"DELETE registered-models/delete-tag":        onModel((*Server).untagModel),
		"POST registered-models/alias":               onVersion((*Server).setAlias),
		"GET registered-models/alias":                onModel((*Server).getAlias),
		"DELETE registered-models/alias":             onModel((*Server).deleteAlias),
		"POST model-versions/create":                 on((*Server).createVersion),
		"GET model-versions/get":                     onVersion((*Server).getVersion),
		"GET model-versions/search":                  on((*Server).searchVersions),
		"PATCH model-versions/update":                onVersion((*Server).updateVersion),
		"DELETE model-versions/delete":               never("Versions are not deleted: the registry's journal tells what was in use. Retire them by \"mlops model retire\"."),
		"POST model-versions/transition-stage":       never("There are no stages; use aliases: client.set_registered_model_alias(name, alias, version)."),
		"GET model-versions/get-download-uri":        onVersion((*Server).downloadURI),
		"POST model-versions/set-tag":                onVersion((*Server).tagVersion),
		"DELETE model-versions/delete-tag":           onVersion((*Server).untagVersion),
	}
}

// apis are what paths of the protocol begin with.
var apis = []string{"/api/2.0/", "/ajax-api/2.0/"}

// Handler answers the protocol's requests, under /api and under /ajax-api. Who may
// send them is the caller's to decide.
func (s *Server) Handler() http.Handler {
	known := endpoints()
	maps.Copy(known, loggedEndpoints())
	mux := http.NewServeMux()
	for _, api := range apis {
		mux.HandleFunc(api+"mlflow/", func(w http.ResponseWriter, r *http.Request) {
			s.serve(w, r, known, strings.TrimPrefix(r.URL.Path, api+"mlflow/"))
		})
		mux.HandleFunc(api+"mlflow-artifacts/artifacts", s.serveList)
		mux.Handle(api+"mlflow-artifacts/artifacts/", http.StripPrefix(api+"mlflow-artifacts/artifacts/", http.HandlerFunc(s.serveArtifacts)))
	}
	mux.HandleFunc("/health", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "OK") })
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		refuse(w, failure(codeEndpoint, "%s %s: no endpoint of MLflow's REST API 2.0 that is served here", r.Method, r.URL.Path))
	})
	return s.whileOpen(mux)
}

// whileOpen refuses requests to a server that was closed: another one may have its store.
func (s *Server) whileOpen(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.door.RLock()
		defer s.door.RUnlock()
		if s.closed {
			refuse(w, failure(codeStopped, "This server has stopped."))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// serve answers a request of the protocol.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, known map[string]endpoint, path string) {
	pattern, fields := loggedPath(path)
	answer, ok := known[r.Method+" "+pattern]
	if !ok {
		refuse(w, failure(codeEndpoint, "%s %s: no endpoint of MLflow's REST API 2.0 that is served here", r.Method, r.URL.Path))
		return
	}
	body, err := bodyOf(r)
	if err == nil {
		body, err = with(body, fields)
	}
	if err != nil {
		refuse(w, err)
		return
	}
	out, err := answer(s, r.Context(), body)
	if err != nil {
		refuse(w, err)
		return
	}
	reply(w, http.StatusOK, out)
}

// bodyOf is what a request asks, as JSON: its body, or its query.
func bodyOf(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, invalid("the request is larger than %d MiB; split it up", maxBody>>20)
	case err != nil:
		return nil, failure(codeBad, "the request was cut off: %v", err)
	case len(body) > 0:
		return body, nil
	}
	query := map[string]any{}
	for k, vs := range r.URL.Query() {
		if query[k] = vs; len(vs) == 1 {
			query[k] = vs[0]
		}
	}
	return json.Marshal(query)
}

func refuse(w http.ResponseWriter, err error) {
	e := answerOf(err)
	reply(w, e.status(), e)
}

func reply(w http.ResponseWriter, status int, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		status, text = http.StatusInternalServerError, fmt.Appendf(nil, `{"error_code":%q,"message":%q}`, codeInternal, err.Error())
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(text)
}

// nothing is the answer of requests that only do something.
type nothing struct{}

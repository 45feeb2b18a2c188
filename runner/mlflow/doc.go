// Package mlflow takes what training code logs through MLflow's client and makes
// records and versions of models of it: it speaks MLflow's REST protocol (2.0) over
// the store, reads mlruns folders, and writes them. It trains nothing and shows no
// pages; MLflow itself is not needed.
//
// The protocol is that of mlflow/protos/service.proto, model_registry.proto and
// mlflow_artifacts.proto at github.com/mlflow/mlflow, with the limits of its
// documentation (REST API, "Request Limits").
//
// # Layout
//
// Below the store's folder:
//
//	tracking/server.jsonl       experiments, and what MLflow says of models beside the registry
//	tracking/runs/<id>.jsonl    all that was logged to a run, a change a line, in order
//	tracking/lock               held by the server (flock)
//	refs/mlflow/<id>/<16 hex>   an artifact, so that store.GC keeps it
//	runs/YYYY/MM/<record>/      an ended run as a record, with mlflow.json beside it
//
// <id> is MLflow's id of the run, 32 hex digits: those of the id of its record.
//
// # Kills
//
// A request is answered after its line was written. So what was acknowledged is
// there after kill -9; a line that was cut off was not, and is dropped. A power cut
// may take the lines since the run began or ended, as those alone are flushed. A
// run whose end was acknowledged and that has no record gets one when the server
// starts again.
//
// # Runs that go on after their end
//
// A record does not change. Training code nevertheless logs to ended runs: it
// resumes them, and some frameworks end a run before they test the model. Metrics,
// parameters, inputs and artifacts that come for a run with a record are therefore taken, and
// go with all that was there before into another record, labelled with the one that
// it continues ([Continues]). That is sealed when the run ends again, when nothing more has
// come for a while ([Options.Quiet]), or when the server stops or starts. Tags, the
// name and deletion are words about a run, not results: they are kept in its log
// and in no further record.
//
// # Runs whose clients died
//
// Nobody says so. A run that nothing was logged to for long ([Options.Lost]) is ended as
// KILLED, as of when something was, with the tag mlops.lost, and recorded. If its client
// lives and logs something, the run goes on, and what it ends with is another record.
//
// # Runs that were not logged here
//
// Records that hold a run of MLflow's and have no log are shown too, read only: what was
// imported, also while a server runs, and what came from another store. They belong to the
// experiment of their name.
//
// # Models
//
// A version of a registered model is made of the artifacts of its run as they are at
// that moment, by digest, in the registry: what is logged over them later does not change
// it. The same files twice are one version, so registering them again answers with
// the version that there is. Neither models nor versions are deleted: the registry's
// journal tells what was.
package mlflow

// A worker for the program that `connect` prints: it runs in place of that program's own main.
package main

import (
	"log"
	"os"

	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

func greet(_ workflow.Context, name string) (string, error) {
	return "Hello, " + name, nil
}

func init() {
	queue := os.Getenv("QUEUE")
	if queue == "" {
		return
	}
	connected := connect()
	running := worker.New(connected, queue, worker.Options{})
	running.RegisterWorkflowWithOptions(greet, workflow.RegisterOptions{Name: "Greet"})
	if err := running.Run(worker.InterruptCh()); err != nil {
		log.Fatalln(err)
	}
	os.Exit(0)
}
